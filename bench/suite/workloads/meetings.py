"""Meetings with sources: lensed questions against the same without a lens."""


def workloads(context):
    return []
