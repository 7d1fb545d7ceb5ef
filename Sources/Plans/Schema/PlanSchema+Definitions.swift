extension PlanSchema {
  /// What several keys have in common, and the end of the schema.
  static let definitions = #"""
      "$defs": {
        "name": { "type": ["string", "integer"] },
        "channels": { "type": "object", "additionalProperties": { "type": "string" } },
    \#(outward)
        "verifier": {
          "type": "object",
          "required": ["name"],
          "anyOf": [{ "required": ["run"] }, { "required": ["remote"] }],
          "additionalProperties": false,
          "properties": {
            "name": { "description": "Unique in the gate.", "$ref": "#/$defs/name" },
            "kind": {
              "description": "What it checks; test is judged by how many tests ran.",
              "enum": ["test", "build", "lint", "format"], "default": "test"
            },
            "run": { "description": "The shell command.", "type": "string" },
            "timeout": {
              "description": "The longest run, 1s to 7d.",
              "$ref": "#/$defs/duration", "default": "10m"
            },
            "uses": { "description": "The resource held while it runs.", "$ref": "#/$defs/name" },
            "mutates": {
              "description": "allow: it may change tracked files, and they are put back.",
              "const": "allow"
            },
            "env": {
              "description": "Names of variables that this verifier gets.",
              "$ref": "#/$defs/variables"
            },
            "network": {
              "description": "Whether it has the network in a sandbox; by default as the plan says.",
              "enum": [true, false, "on", "off"]
            },
            "when": {
              "description": "named: it runs for the steps that name it under verifiers.",
              "const": "named"
            },
            "paths": {
              "description": "Globs: it runs only when one of these paths has changed.",
              "$ref": "#/$defs/texts"
            },
            "flaky": {
              "description": "A failure is tried once more; what it means if it is gone then.",
              "enum": ["repeat", "fail"]
            },
            "remote": {
              "description": "A service judges in place of a command here.",
              "$ref": "#/$defs/remote"
            }
          }
        },
        "remote": {
          "type": "object",
          "required": ["push", "status"],
          "additionalProperties": false,
          "properties": {
            "push": { "description": "The remote that gets the candidate.", "type": "string" },
            "status": { "description": "A command that asks for it.", "type": "string" }
          }
        },
        "judge": {
          "type": "object",
          "required": ["prompt"],
          "additionalProperties": false,
          "properties": {
            "agent": { "description": "The name of the agent.", "$ref": "#/$defs/name" },
            "prompt": {
              "description": "A template; {{attempt.diff}} is the change.",
              "type": "string"
            }
          }
        },
        "agent": {
          "description": "Who does the steps that have no run. Without it outside workers do them.",
          "type": "object",
          "additionalProperties": false,
          "anyOf": [{ "required": ["adapter"] }, { "required": ["command"] }],
          "properties": {
            "adapter": {
              "description": "An agent known by name; command is one judged by its exit code or report.",
              "enum": ["claude", "codex", "acp", "command"]
            },
            "command": {
              "description": "The agent's shell command; it gets the prompt on standard input.",
              "type": "string"
            },
            "max_turns": {
              "description": "The most turns of one conversation; only for the adapters claude and codex.",
              "type": "integer", "minimum": 1, "maximum": 10000
            },
            "timeout": {
              "description": "The longest run of one attempt, 1s to 7d.",
              "$ref": "#/$defs/duration"
            },
            "max_concurrent": {
              "description": "How many agents may work at once, over all machines.",
              "type": "integer", "minimum": 1, "maximum": 1000
            },
            "model": {
              "description": "The model; by default the agent's own choice.",
              "type": "string"
            },
            "home": {
              "description": "What of the user's home it may write in a sandbox, such as ~/.aider.",
              "$ref": "#/$defs/texts"
            },
            "args": {
              "description": "Further arguments of the agent's program.",
              "$ref": "#/$defs/texts"
            },
            "permissions": {
              "description": "Tools that are allowed beside what the agent allows; for claude and acp.",
              "$ref": "#/$defs/texts"
            },
            "continuations": {
              "description": "How often an interrupted conversation may go on in one attempt.",
              "type": "integer", "minimum": 0, "maximum": 100, "default": 3
            },
            "after_failure": {
              "description": "Whether the next attempt goes on with the conversation of one that failed.",
              "enum": ["resume", "fresh"], "default": "fresh"
            },
            "silence": {
              "description": "How long the agent may print nothing, 1s to 7d.",
              "$ref": "#/$defs/duration"
            },
            "budget": {
              "description": "What one attempt by the agent may use at most.",
              "$ref": "#/$defs/limits"
            },
            "rest": {
              "description": "Whether the agent rests while its service does not serve.",
              "type": "boolean", "default": true
            },
            "report_file": {
              "description": "A file in the worktree that the command reports its end in.",
              "type": "string"
            },
            "env": {
              "description": "Names of variables that the agent gets, and nobody else.",
              "$ref": "#/$defs/variables"
            }
          }
        },
        "workflow": {
          "description": "Stages by name, the first one first.",
          "type": "object",
          "minProperties": 1, "maxProperties": 32,
          "propertyNames": { "$ref": "#/$defs/name" },
          "additionalProperties": {
            "type": "object",
            "required": ["on"],
            "additionalProperties": false,
            "properties": {
              "agent": { "description": "The agent that does it.", "$ref": "#/$defs/name" },
              "prompt": {
                "description": "Its template; only the first stage has the plan's or the step's.",
                "type": "string"
              },
              "writes": {
                "description": "Whether what it changes counts.",
                "type": "boolean", "default": true
              },
              "on": {
                "description": "What follows from each word: a stage, gate, retry, block or person.",
                "type": "object",
                "minProperties": 1,
                "additionalProperties": { "$ref": "#/$defs/name" }
              },
              "rounds": {
                "description": "How often it may be entered in one attempt.",
                "type": "integer", "minimum": 1, "maximum": 100
              },
              "resume": {
                "description": "The stage whose conversation it goes on with.",
                "$ref": "#/$defs/name"
              }
            }
          }
        },
        "dollars": {
          "anyOf": [
            { "type": "number", "exclusiveMinimum": 0 },
            { "type": "string", "pattern": "^\\$?[0-9]{1,9}([.][0-9]{1,6})?( ?usd)?$" }
          ]
        },
        "resource": {
          "anyOf": [
            { "$ref": "#/$defs/values" },
            {
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "values": { "description": "What is handed out.", "$ref": "#/$defs/values" },
                "count": { "description": "How many may hold it.", "$ref": "#/$defs/values" },
                "shared": {
                  "description": "Whether all machines share it.", "type": "boolean", "default": false
                }
              }
            }
          ]
        },
        "share": {
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "memory": { "description": "Memory of each process, such as 4g.", "$ref": "#/$defs/amount" },
            "disk": { "description": "Files that an attempt writes, such as 10g.", "$ref": "#/$defs/amount" }
          }
        },
        "values": {
          "anyOf": [
            { "type": "integer", "minimum": 1, "maximum": 1000 },
            { "type": "string", "pattern": "^[0-9]+-[0-9]+$" },
            { "type": "array", "minItems": 1, "maxItems": 1000, "items": { "type": ["string", "integer"] } }
          ]
        },
        "amount": { "type": "string", "pattern": "^[0-9]{1,7}[mMgGtT]$" },
        "count": { "type": "integer", "minimum": 1 },
        "limits": {
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "usd": { "description": "US dollars.", "$ref": "#/$defs/dollars" },
            "tokens": { "description": "Tokens read and written.", "$ref": "#/$defs/count" },
            "turns": { "description": "Answers of a model.", "$ref": "#/$defs/count" },
            "wall": { "description": "The time that attempts take.", "$ref": "#/$defs/duration" }
          }
        },
        "duration": {
          "anyOf": [
            { "type": "string", "pattern": "^(0|[1-9][0-9]*)[smhd]?$" },
            { "type": "integer", "minimum": 0 }
          ]
        },
        "variable": {
          "type": "string",
          "pattern": "^(?!(MIGRATE|GIT|LD|DYLD)_|(BASH_)?ENV$)[A-Za-z_][A-Za-z0-9_]*$"
        },
        "variables": {
          "anyOf": [
            { "$ref": "#/$defs/variable" },
            { "type": "array", "uniqueItems": true, "items": { "$ref": "#/$defs/variable" } }
          ]
        },
        "texts": {
          "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": ["string", "integer"] } }]
        }
      }
    }
    """#
}
