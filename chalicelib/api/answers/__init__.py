"""The forms of all JSON answers, by the rooms that give them. Only the contract imports them."""

from chalicelib.api.answers.campaigns import (
    CampaignAnswer,
    CampaignPage,
    CampaignReplyPage,
    PreflightAnswer,
    RecipientExportLink,
    RecipientPage,
    SegmentAnswer,
    SegmentCountAnswer,
    SegmentPage,
    StoppedCampaign,
    TrialList,
    VariantList,
)
from chalicelib.api.answers.channels import ChannelAnswer, ChannelList, OverviewAnswer
from chalicelib.api.answers.delivery import ReplyAnswer, ReplyPage, WebhookAddressList, WebhookReceipt
from chalicelib.api.answers.dispatch import (
    BatchAnswer,
    DisparoDetail,
    DisparoPage,
    ResendAnswer,
    TemplateAnswer,
    TemplateList,
    TemplatePreview,
    TemplateVersion,
    TemplateVersionList,
)
from chalicelib.api.answers.ingestion import (
    AnnouncedJobAnswer,
    JobAnswer,
    JobDetail,
    JobPage,
    PreviewAnswer,
    ReportLink,
)
from chalicelib.api.answers.leads import CampoPage, ExportLink, LeadDetail, LeadPage, ReadyLeadPage
from chalicelib.api.answers.maintenance import HealthAnswer, OpenApiDocument
from chalicelib.api.answers.scheduling import AgendamentoAnswer, AgendamentoPage
from chalicelib.api.answers.suppression import PersonSuppressionAnswer, SuppressionAnswer, SuppressionPage
from chalicelib.api.answers.tenants import SavedConfig

__all__ = [
    "AgendamentoAnswer",
    "AgendamentoPage",
    "AnnouncedJobAnswer",
    "BatchAnswer",
    "CampaignAnswer",
    "CampaignPage",
    "CampaignReplyPage",
    "CampoPage",
    "ChannelAnswer",
    "ChannelList",
    "DisparoDetail",
    "DisparoPage",
    "ExportLink",
    "HealthAnswer",
    "JobAnswer",
    "JobDetail",
    "JobPage",
    "LeadDetail",
    "LeadPage",
    "OpenApiDocument",
    "OverviewAnswer",
    "PersonSuppressionAnswer",
    "PreflightAnswer",
    "PreviewAnswer",
    "ReadyLeadPage",
    "RecipientExportLink",
    "RecipientPage",
    "ReplyAnswer",
    "ReplyPage",
    "ReportLink",
    "ResendAnswer",
    "SavedConfig",
    "SegmentAnswer",
    "SegmentCountAnswer",
    "SegmentPage",
    "StoppedCampaign",
    "SuppressionAnswer",
    "SuppressionPage",
    "TemplateAnswer",
    "TemplateList",
    "TemplatePreview",
    "TemplateVersion",
    "TemplateVersionList",
    "TrialList",
    "VariantList",
    "WebhookAddressList",
    "WebhookReceipt",
]
