"""The SAM template of one stage: what `app.py` declares, merged with the CloudFormation beside this file.

Chalice's own generator writes most of it. This file adds what it leaves out or cannot know: S3 events, the queues of
event sources, names, and policies for this stage alone. Chalice refuses S3 events because CloudFormation cannot change
an existing bucket; ours is made by the same template.
"""

from __future__ import annotations

from functools import reduce
from pathlib import Path
from typing import Any

from alarms import with_alarms
from chalice.config import Config
from chalice.deploy import models
from chalice.deploy.appgraph import ApplicationGraphBuilder, DependencyBuilder
from chalice.deploy.deployer import create_build_stage
from chalice.deploy.swagger import CFNSwaggerGenerator
from chalice.package import PackageOptions, SAMTemplateGenerator, TemplateDeepMerger, YAMLTemplateSerializer
from chalice.utils import UI, OSUtils, to_cfn_resource_name
from deployment import Target
from errors import PackagingError
from gateway import gateway_responses
from policies import narrowed_policy

Template = dict[str, Any]

CODE = "./deployment.zip"
"""The path of the code in the template: beside the template."""


def sam_template(config: Config, extras_dir: Path, target: Target) -> Template:
    """Return the whole template of the configured stage.

    Raises:
        PackagingError: `app.py` names a queue or a bucket that the extras do not make.
    """
    extras = merged_extras(extras_dir)
    every_function = extras.pop("EveryFunction")
    generator = _Generator(config, extras, target)
    template = _merge(extras, generator.generate(_resources(config)))
    template["Parameters"]["Stage"] = {
        "Type": "String",
        "Description": "The stage that this template was packaged for",
        "AllowedValues": [config.chalice_stage],
        "Default": config.chalice_stage,
    }
    template["Parameters"]["EventBusName"]["Default"] = config.environment_variables["EVENT_BUS_NAME"]
    for function in _of_type(template, "AWS::Serverless::Function").values():
        function["Properties"] = _merge(every_function, function["Properties"])
    template["Resources"] |= with_alarms(template["Resources"], config.chalice_stage)
    return template


def merged_extras(extras_dir: Path) -> Template:
    """Return every `*.yaml` of the folder as one document.

    Raises:
        PackagingError: the folder has none.
    """
    files = sorted(extras_dir.glob("*.yaml"))
    if not files:
        raise PackagingError(f"no CloudFormation in {extras_dir}")
    reader = YAMLTemplateSerializer()
    return reduce(_merge, (reader.load_template(file.read_text("utf-8"), str(file)) for file in files))


def _merge(over: Template, under: Template) -> Template:
    merged: Template = TemplateDeepMerger().merge(over, under)
    return merged


def _of_type(template: Template, kind: str) -> Template:
    return {name: each for name, each in template["Resources"].items() if each.get("Type") == kind}


def _resources(config: Config) -> list[models.Model]:
    """Return what `app.py` declares, in the order of dependencies; `deployment.py` packages the code."""
    application = ApplicationGraphBuilder().build(config, config.chalice_stage)
    resources: list[models.Model] = DependencyBuilder().build_dependencies(application)
    for resource in resources:
        if isinstance(resource, models.DeploymentPackage):
            resource.filename = CODE
    create_build_stage(OSUtils(), UI(), CFNSwaggerGenerator(), config).execute(config, resources)
    return resources


def _built(document: models.Placeholder | Template) -> Template:
    if isinstance(document, models.Placeholder):
        raise PackagingError("Chalice's build stage left a placeholder")
    return document


class _Principals(PackageOptions):
    """Answers what the generator would ask an AWS client, because packaging needs no account."""

    def __init__(self) -> None:
        """Take no client."""

    def service_principal(self, service: str) -> str:
        return f"{service}.amazonaws.com"


class _Generator(SAMTemplateGenerator):
    def __init__(self, config: Config, extras: Template, target: Target) -> None:
        super().__init__(config, _Principals())
        self._target = target
        self._bucket_of_app = config.environment_variables["BUCKET_NAME"]
        self._buckets = list(_of_type(extras, "AWS::S3::Bucket"))
        self._queues = {
            queue["Properties"]["QueueName"]["Fn::Sub"].replace("${Stage}", config.chalice_stage): name
            for name, queue in _of_type(extras, "AWS::SQS::Queue").items()
        }

    def _generate_s3bucketnotification(self, resource: models.S3BucketNotification, template: Template) -> None:
        """Add the S3 event that Chalice's generator refuses: SAM can, because the bucket is in the same template."""
        if resource.bucket != self._bucket_of_app or len(self._buckets) != 1:
            raise PackagingError(f"the bucket of {resource.resource_name} is not the one that the template makes")
        rules = [
            {"Name": name, "Value": value}
            for name, value in (("prefix", resource.prefix), ("suffix", resource.suffix))
            if value
        ]
        properties: Template = {"Bucket": {"Ref": self._buckets[0]}, "Events": resource.events}
        if rules:
            properties["Filter"] = {"S3Key": {"Rules": rules}}
        event = self._register_cfn_resource_name(resource.resource_name)
        _function_of(resource, template)["Events"] = {event: {"Type": "S3", "Properties": properties}}

    def _generate_sqseventsource(self, resource: models.SQSEventSource, template: Template) -> None:
        """Refer to the queue itself, so that it is made first, and turn partial batch responses on.

        Our handlers return nothing, which means that the whole batch succeeded, or raise, which means that none of it
        did.
        """
        super()._generate_sqseventsource(resource, template)
        if resource.queue not in self._queues:
            raise PackagingError(f"no queue named {resource.queue} among the extras")
        for event in _function_of(resource, template)["Events"].values():
            event["Properties"]["Queue"] = {"Fn::GetAtt": [self._queues[resource.queue], "Arn"]}
            event["Properties"]["FunctionResponseTypes"] = ["ReportBatchItemFailures"]

    def _generate_lambdafunction(self, resource: models.LambdaFunction, template: Template) -> None:
        """Pin the runtime, name the function as `chalice deploy` does, and make it after its log group.

        Chalice takes the Python that packages for the runtime. A log line before the log group is there would make
        Lambda create one whose logs never expire.
        """
        super()._generate_lambdafunction(resource, template)
        function = template["Resources"][to_cfn_resource_name(resource.resource_name)]
        function["Properties"]["FunctionName"] = resource.function_name
        function["Properties"]["Runtime"] = self._target.runtime
        function["Properties"]["Architectures"] = [self._target.architecture]
        if resource.log_group is not None:
            log_group = to_cfn_resource_name(resource.log_group.resource_name)
            template["Resources"][log_group]["Properties"]["LogGroupName"] = f"/aws/lambda/{resource.function_name}"
            function["DependsOn"] = [log_group]

    def _generate_managediamrole(self, resource: models.ManagedIAMRole, template: Template) -> None:
        resource.policy.document = narrowed_policy(_built(resource.policy.document))
        super()._generate_managediamrole(resource, template)

    def _generate_restapi(self, resource: models.RestAPI, template: Template) -> None:
        _built(resource.swagger_doc)["x-amazon-apigateway-gateway-responses"] = gateway_responses()
        super()._generate_restapi(resource, template)


def _function_of(resource: models.FunctionEventSubscriber, template: Template) -> Template:
    name = to_cfn_resource_name(resource.lambda_function.resource_name)
    properties: Template = template["Resources"][name]["Properties"]
    return properties
