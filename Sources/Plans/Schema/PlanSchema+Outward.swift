extension PlanSchema {
  /// What keys have in common that lead outward: other repositories, pull requests, people.
  static let outward = #"""
        "targets": {
          "anyOf": [
            { "$ref": "#/$defs/targetList" },
            {
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "list": { "description": "The repositories.", "$ref": "#/$defs/targetList" },
                "from": { "description": "A file with one in each line.", "type": "string" },
                "command": { "description": "A command that prints these lines.", "type": "string" },
                "forge": { "description": "A query of a forge: org:shop topic:java.", "type": "string" },
                "base": { "description": "The branch of those that name none.", "type": "string" },
                "waves": {
                  "description": "How many come first, how many next; rest: all others.",
                  "type": "array", "items": { "type": ["integer", "string"] }
                },
                "stop": {
                  "description": "When a wave stops by itself.",
                  "type": "object",
                  "required": ["failed"],
                  "additionalProperties": false,
                  "properties": {
                    "failed": {
                      "description": "How many of its targets may fail, such as 30%.", "type": "string"
                    }
                  }
                }
              }
            }
          ]
        },
        "targetList": {
          "type": "array", "minItems": 1,
          "items": {
            "anyOf": [
              { "type": "string" },
              {
                "type": "object",
                "required": ["url"],
                "additionalProperties": false,
                "properties": {
                  "url": { "description": "Where git finds it.", "type": "string" },
                  "id": { "description": "What it is called.", "type": "string" },
                  "base": { "description": "The branch people work on there.", "type": "string" },
                  "owner": { "description": "Who is asked about it.", "type": "string" },
                  "labels": { "description": "What else it is known by.", "$ref": "#/$defs/texts" }
                }
              }
            ]
          }
        },
        "publish": {
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "unit": {
              "description": "What becomes a pull request of its own.",
              "enum": ["migration", "owner", "folder", "step"], "default": "migration"
            },
            "depth": {
              "description": "How many names of a path make its folder.",
              "type": "integer", "minimum": 1, "maximum": 16, "default": 1
            },
            "max_files": {
              "description": "How many files a unit may change before another one begins.",
              "type": "integer", "minimum": 1, "maximum": 100000
            },
            "after": {
              "description": "approve: each unit waits for a person's word.",
              "enum": ["merge", "approve"], "default": "merge"
            },
            "draft": {
              "description": "true, or globs of the units that are opened as drafts.",
              "type": ["boolean", "string", "array"]
            },
            "ready": {
              "description": "When drafts are made ready: once the plan says so, or also by green checks.",
              "enum": ["plan", "green"], "default": "plan"
            },
            "title": { "description": "The template of the title.", "type": "string" },
            "body": { "description": "The template of the text.", "type": "string" },
            "labels": { "description": "What they are marked with.", "$ref": "#/$defs/texts" },
            "reviewers": {
              "description": "Who is asked to review; owners are those of the files.", "$ref": "#/$defs/texts"
            },
            "window": {
              "description": "When they are opened.", "$ref": "#/$defs/window"
            },
            "fixes": {
              "description": "How many steps a unit gets that mend it.",
              "type": "integer", "minimum": 0, "maximum": 20, "default": 3
            }
          }
        },
        "board": {
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "by": {
              "description": "What has a card.", "enum": ["step", "cause"], "default": "step"
            },
            "todo": {
              "description": "What people call that column.", "$ref": "#/$defs/column", "default": "Todo"
            },
            "in_progress": {
              "description": "The same.", "$ref": "#/$defs/column", "default": "In Progress"
            },
            "done": { "description": "The same.", "$ref": "#/$defs/column", "default": "Done" },
            "abandoned": {
              "description": "The same.", "$ref": "#/$defs/column", "default": "Abandoned"
            }
          }
        },
        "column": { "type": "string", "minLength": 1, "maxLength": 50, "pattern": "^[^,]+$" },
        "notify": {
          "description": "A shell command, or how people are told, and when.",
          "type": ["string", "object"],
          "additionalProperties": false,
          "properties": {
            "command": {
              "description": "A shell command; the text is on its standard input.", "$ref": "#/$defs/channel"
            },
            "webhook": {
              "description": "An address that takes what Slack's webhooks take, or $NAME of a variable.",
              "$ref": "#/$defs/channel"
            },
            "mail": {
              "description": "Mailboxes with commas between; sent by sendmail.", "$ref": "#/$defs/channel"
            },
            "desktop": {
              "description": "true: a note on the desktop, by notify-send.", "$ref": "#/$defs/channel"
            },
            "digest": {
              "description": "What follows on a message is gathered for so long.", "$ref": "#/$defs/duration"
            },
            "again": {
              "description": "What still waits for people is told again after so long.",
              "$ref": "#/$defs/duration"
            },
            "by": { "description": "owner: each owner is told of their own steps.", "enum": ["owner"] },
            "quiet": { "description": "When only what is urgent is told.", "$ref": "#/$defs/quiet" }
          }
        },
        "channel": {
          "type": ["string", "boolean", "object"],
          "additionalProperties": false,
          "properties": {
            "to": { "description": "The command or the address.", "type": "string" },
            "severity": {
              "description": "The least weight that it tells.",
              "enum": ["info", "warning", "urgent"], "default": "info"
            }
          }
        },
        "quiet": {
          "type": "object",
          "required": ["start", "end"],
          "additionalProperties": false,
          "properties": {
            "start": { "description": "The time of day from which on, 22:00.", "type": "string" },
            "end": { "description": "The time of day before which, 07:00.", "type": "string" }
          }
        },
        "window": {
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "rate": { "description": "How many in a span: 10/hour, 40/day.", "type": "string" },
            "days": { "description": "The days of the week: mon to sun.", "$ref": "#/$defs/texts" },
            "start": { "description": "The time of day from which on, 09:00.", "type": "string" },
            "end": { "description": "The time of day before which, 16:00.", "type": "string" },
            "spacing": { "description": "The pause between two.", "$ref": "#/$defs/duration" }
          }
        },
    """#
}
