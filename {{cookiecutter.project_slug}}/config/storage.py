"""Uploads in an S3-compatible bucket: Amazon's, MinIO, Alibaba Cloud OSS and their like.

Read by settings/base.py when AWS_STORAGE_BUCKET_NAME is set.
https://django-storages.readthedocs.io/en/latest/backends/amazon-S3.html
"""

from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config

from config.environment import Environment


def bucket_storage(env: Environment) -> dict[str, Any]:
    """Return an entry of STORAGES."""
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": env["AWS_STORAGE_BUCKET_NAME"],
            "endpoint_url": env["AWS_S3_ENDPOINT_URL"],
            "region_name": env["AWS_S3_REGION_NAME"],
            "custom_domain": env["AWS_S3_CUSTOM_DOMAIN"],
            "access_key": env["AWS_ACCESS_KEY_ID"],
            "secret_key": env["AWS_SECRET_ACCESS_KEY"],
            "file_overwrite": False,
            "client_config": Config(
                signature_version="s3v4",
                s3={"addressing_style": env["AWS_S3_ADDRESSING_STYLE"]},
                # Services other than Amazon's do not know its newer checksums.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        },
    }


def bucket_origins(env: Environment) -> list[str]:
    """Return where a browser may be sent for an upload, for the Content Security Policy."""
    bucket = env["AWS_STORAGE_BUCKET_NAME"]
    if env["AWS_S3_CUSTOM_DOMAIN"]:
        return [f"https://{env['AWS_S3_CUSTOM_DOMAIN']}"]
    if env["AWS_S3_ENDPOINT_URL"]:
        url = urlsplit(env["AWS_S3_ENDPOINT_URL"])
        return [f"{url.scheme}://{url.netloc}", f"{url.scheme}://{bucket}.{url.netloc}"]
    region = env["AWS_S3_REGION_NAME"] or "us-east-1"
    return [f"https://{bucket}.s3.amazonaws.com", f"https://{bucket}.s3.{region}.amazonaws.com"]
