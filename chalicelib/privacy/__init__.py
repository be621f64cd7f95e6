"""The rights of the person whose data it is (LGPD): export, erasure, retention, and the record of requests."""
