export default function BulkTags() { return null; }
