"""The issues of the forge of forge.py, in the words of GitHub, GitLab and Gitea.

Of what a test wants to happen, in control.json, these are done once:

  labels  what the labels of issues are from now on, by their numbers
  end     `completed`, `not_planned` or null for each, by their numbers
  write   what people write below the text of issues, by their numbers
"""
from urllib.parse import unquote

NO_LABEL = {"message": "label does not exist"}


def settle(state, words):
    """Does what a test wants to have happened; says whether there was anything."""
    changed = False
    for issue in state.setdefault("issues", []):
        number = str(issue["number"])
        if number in words.get("labels", {}):
            issue["labels"] = words["labels"].pop(number)
            changed = True
        if number in words.get("end", {}):
            issue["end"] = words["end"].pop(number)
            changed = True
        if number in words.get("write", {}):
            issue["body"] += "\r\n" + words["write"].pop(number)
            changed = True
    return changed


def find(state, number, refused):
    for issue in state.get("issues", []):
        if issue["number"] == int(number):
            return issue
    raise refused(404, {"message": "Not Found"})


def those(state, query):
    """What a list has, the newest first."""
    wanted = {unquote(name) for name in query.get("labels", [""])[0].split(",") if name}
    status = query.get("state", ["open"])[0]
    found = [issue for issue in state.setdefault("issues", []) if wanted <= set(issue["labels"])]
    return [issue for issue in found if status == "all" or (issue["end"] is None)][::-1]


def create(state, title, body, labels):
    # Pull requests and issues of GitHub and Gitea are numbered together; here issues begin at 101.
    issue = {"number": 101 + len(state.setdefault("issues", [])), "title": title, "body": body, "labels": labels,
             "end": None}
    state["issues"].append(issue)
    return issue


def github(issue):
    return {
        "number": issue["number"], "title": issue["title"],
        # Forges give lines back as browsers end them.
        "body": issue["body"].replace("\r\n", "\n").replace("\n", "\r\n"),
        "html_url": f"http://localhost/shop/app/issues/{issue['number']}",
        "state": "open" if issue["end"] is None else "closed", "state_reason": issue["end"],
        "labels": [{"id": 1000 + index, "name": name} for index, name in enumerate(issue["labels"])],
    }


def gitea(issue):
    value = github(issue)
    del value["state_reason"]
    return value


def gitlab(issue):
    return {
        "iid": issue["number"], "title": issue["title"], "description": issue["body"],
        "web_url": f"http://localhost/shop/app/-/issues/{issue['number']}",
        "state": "opened" if issue["end"] is None else "closed", "labels": issue["labels"],
    }


def change_github(issue, body):
    issue.update({key: body[key] for key in ("title", "body", "labels") if key in body})
    if "state" in body:
        issue["end"] = None if body["state"] == "open" else body.get("state_reason", "completed")
    return github(issue)


def change_gitlab(issue, body):
    issue["title"] = body.get("title", issue["title"])
    issue["body"] = body.get("description", issue["body"])
    if "labels" in body:
        issue["labels"] = body["labels"].split(",")
    if "state_event" in body:
        issue["end"] = {"close": "completed", "reopen": None}[body["state_event"]]
    return gitlab(issue)


class GiteaLabels:
    """The labels of a repository: what nobody has made cannot be given to an issue."""

    def __init__(self, state):
        self.state = state
        state.setdefault("labels", [{"id": 5, "name": "migration"}, {"id": 6, "name": "bug"}])

    def all(self):
        return self.state["labels"]

    def make(self, name):
        label = {"id": 5 + len(self.all()), "name": name}
        self.all().append(label)
        return label

    def names(self, ids, refused):
        known = {label["id"]: label["name"] for label in self.all()}
        if set(ids) - set(known):
            raise refused(422, NO_LABEL)
        return [known[number] for number in ids]
