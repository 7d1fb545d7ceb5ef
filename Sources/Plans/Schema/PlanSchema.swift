/// The JSON Schema of the front matter, for editors.
public enum PlanSchema {
  /// The schema, draft 2020-12. A test holds it to the keys that the parser knows.
  public static let json = #"""
    {
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "git-migrate plan",
      "description": "The front matter of a plan file. The Markdown after it is the prompt's template.",
      "type": "object",
      "required": ["migration", "gate", "steps"],
      "additionalProperties": false,
      "properties": {
        "migration": {
          "description": "The migration's name, in lower case; part of refs and paths.",
          "type": "string",
          "pattern": "^[a-z0-9][a-z0-9._-]{0,62}$"
        },
        "base": {
          "description": "The branch the migration starts from; by default the one checked out at start.",
          "type": "string"
        },
        "into": {
          "description": "The integration branch; by default migrate/ and the migration's name.",
          "type": "string"
        },
        "agent": {
          "description": "Who does the steps that have no run. Without it outside workers do them.",
          "$ref": "#/$defs/agent"
        },
        "agents": {
          "description": "Several agents by name; steps name theirs.",
          "type": "object",
          "propertyNames": { "$ref": "#/$defs/name" },
          "additionalProperties": { "$ref": "#/$defs/agent" }
        },
        "attempts": {
          "description": "How many attempts may fail before a step is blocked.",
          "type": "integer", "minimum": 1, "maximum": 100, "default": 3
        },
        "lease": {
          "description": "How long a claim holds before it must be renewed, 10s to 7d.",
          "$ref": "#/$defs/duration",
          "default": "20m"
        },
        "backoff": {
          "description": "The pause after a failed attempt, 0s to 1d; it doubles each time.",
          "anyOf": [
            { "$ref": "#/$defs/duration" },
            {
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "initial": { "description": "The first.", "$ref": "#/$defs/duration", "default": "10s" },
                "max": { "description": "The longest.", "$ref": "#/$defs/duration", "default": "5m" }
              }
            }
          ]
        },
        "resources": {
          "description": "Named semaphores, counted on each machine: how many may hold each at once.",
          "type": "object",
          "propertyNames": { "$ref": "#/$defs/name" },
          "additionalProperties": { "$ref": "#/$defs/resource" }
        },
        "worktree": {
          "description": "How a worktree is made usable.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "copy": {
              "description": "Paths copied from the main worktree, such as .env.",
              "$ref": "#/$defs/texts"
            },
            "setup": { "description": "A shell command run in the worktree first.", "type": "string" },
            "read": {
              "description": "Folders that a sandbox lets be read, such as ../other or ~/sdk.",
              "$ref": "#/$defs/texts"
            },
            "keep": {
              "description": "Whether a failed attempt's worktree is kept.",
              "type": "boolean", "default": false
            }
          }
        },
        "sandbox": {
          "description": "Whether workers and verifiers are shut in: where that works, always, or never.",
          "enum": ["auto", "require", "off"], "default": "auto"
        },
        "network": {
          "description": "Whether codemods and verifiers in a sandbox have the network.",
          "enum": ["on", "off"], "default": "on"
        },
        "limits": { "description": "What a worker may take of the machine.", "$ref": "#/$defs/share" },
        "home": { "description": "What of the home commands may write.", "$ref": "#/$defs/texts" },
        "targets": { "description": "Repositories to do it in, each once.", "$ref": "#/$defs/targets" },
        "commit": {
          "description": "What the commits say that steps are merged as.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "body": {
              "description": "Nothing below the title, or the messages of the worker's own commits.",
              "enum": ["template", "worker"], "default": "template"
            },
            "trailers": {
              "description": "Which lines at the end say where a commit comes from.",
              "type": "array", "uniqueItems": true, "default": ["step"],
              "items": { "enum": ["step", "plan", "agent", "cost"] }
            }
          }
        },
        "failures": {
          "description": "Failures that are known: those that match have one cause, with a name.",
          "type": "array", "maxItems": 50,
          "items": {
            "type": "object",
            "required": ["match", "as"],
            "additionalProperties": false,
            "properties": {
              "match": { "description": "A regular expression.", "type": "string", "maxLength": 512 },
              "as": {
                "description": "The name of the cause; $1 is what the first group matched.",
                "type": "string", "minLength": 1, "maxLength": 160
              }
            }
          }
        },
        "until": {
          "description": "What done means beside the steps.",
          "type": "object",
          "required": ["count"],
          "additionalProperties": false,
          "properties": {
            "count": {
              "description": "A command that prints how many uses are left; finish wants none.",
              "type": "string", "minLength": 1
            }
          }
        },
        "publish": { "description": "How what is merged is offered.", "$ref": "#/$defs/publish" },
        "board": { "description": "How it is mirrored to a board.", "$ref": "#/$defs/board" },
        "owners": { "description": "Who owns what: CODEOWNERS, or a path.", "type": "string" },
        "channels": { "description": "Where owners are told, by their names.", "$ref": "#/$defs/channels" },
        "refresh": {
          "description": "A run takes the base in by itself when it has moved.",
          "type": "object",
          "required": ["every"],
          "additionalProperties": false,
          "properties": {
            "every": {
              "description": "How often it looks, 1m to 30d.",
              "$ref": "#/$defs/duration"
            }
          }
        },
        "gate": {
          "description": "What a candidate must pass before it is merged; none merges everything.",
          "anyOf": [
            { "enum": ["none", "auto"] },
            {
              "type": "object",
              "required": ["verifiers"],
              "additionalProperties": false,
              "properties": {
                "verifiers": {
                  "description": "Commands that must succeed, in order; auto finds them in the tree.",
                  "type": ["array", "string"],
                  "minItems": 1,
                  "pattern": "^auto$",
                  "items": { "$ref": "#/$defs/verifier" }
                },
                "guards": {
                  "description": "Checks of the change: tests, paths, secrets, what decides how tests run.",
                  "type": "array",
                  "uniqueItems": true,
                  "items": { "enum": ["tests", "scope", "secrets", "protected", "tree"] }
                },
                "known": {
                  "description": "allow: failures that the base has, too, are let pass.",
                  "const": "allow"
                },
                "falsify": {
                  "description": "New and changed tests must fail on the code of the branch.",
                  "type": "boolean", "default": false
                },
                "keep": {
                  "description": "Ignored folders that stay between candidates, such as target.",
                  "$ref": "#/$defs/texts"
                },
                "train": {
                  "description": "How many finished steps are judged together at most; 1 judges each alone.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 256
                },
                "judge": {
                  "description": "An agent that approves or rejects what the verifiers let pass.",
                  "$ref": "#/$defs/judge"
                },
                "toolchain": {
                  "description": "A command whose output names what verdicts rest on: compilers, runtimes.",
                  "type": "string"
                },
                "setup": {
                  "description": "A command run in the gate's worktree first; by default worktree.setup.",
                  "anyOf": [
                    { "type": "string" },
                    {
                      "type": "object",
                      "required": ["run"],
                      "additionalProperties": false,
                      "properties": {
                        "run": { "description": "The shell command.", "type": "string" },
                        "inputs": {
                          "description": "Globs of the tracked files that decide what it makes.",
                          "$ref": "#/$defs/texts"
                        }
                      }
                    }
                  ]
                }
              }
            }
          ]
        },
        "stop": {
          "description": "When the migration pauses by itself.",
          "anyOf": [
            { "const": "none" },
            {
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "alike": {
                  "description": "How many steps in a row may fail for one cause.",
                  "anyOf": [{ "const": "none" }, { "type": "integer", "minimum": 2, "maximum": 1000 }],
                  "default": 5
                },
                "failed": {
                  "description": "How many of the last attempts may fail, such as 50%.",
                  "type": "string", "pattern": "^([1-9][0-9]?%|100%|none)$", "default": "50%"
                },
                "of": {
                  "description": "How many the last attempts are.",
                  "type": "integer", "minimum": 2, "maximum": 1000, "default": 10
                }
              }
            }
          ]
        },
        "budget": {
          "description": "How much agents may use: in all, for each step, in each attempt.",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "usd": { "description": "US dollars.", "$ref": "#/$defs/dollars" },
            "tokens": { "description": "Tokens read and written.", "$ref": "#/$defs/count" },
            "turns": { "description": "Answers of a model.", "$ref": "#/$defs/count" },
            "wall": { "description": "The time that attempts take.", "$ref": "#/$defs/duration" },
            "step": { "description": "Of each step.", "$ref": "#/$defs/limits" },
            "attempt": { "description": "Of each attempt.", "$ref": "#/$defs/limits" }
          }
        },
        "workflow": {
          "description": "The stages that the work on steps goes through.",
          "$ref": "#/$defs/workflow"
        },
        "workflows": {
          "description": "Further ones, by the names that steps give.",
          "type": "object",
          "propertyNames": { "$ref": "#/$defs/name" },
          "additionalProperties": { "$ref": "#/$defs/workflow" }
        },
        "closing": {
          "description": "Headings that an agent's closing words must have.",
          "$ref": "#/$defs/texts"
        },
        "protected": {
          "description": "Globs of files that no step may change, beside those that decide how tests run.",
          "$ref": "#/$defs/texts"
        },
        "notify": { "description": "How people are told.", "$ref": "#/$defs/notify" },
        "steps": {
          "description": "The steps, in the order they are claimed when nothing else decides.",
          "type": "array",
          "minItems": 1,
          "items": {
            "type": "object",
            "required": ["id"],
            "additionalProperties": false,
            "properties": {
              "id": {
                "description": "Unique, whatever its case; a template (pkg-{{match.dir}}) beside for.",
                "type": ["string", "integer"]
              },
              "title": { "description": "One line for people.", "type": "string" },
              "needs": {
                "description": "Ids, or globs such as pkg-*, of the steps that must be merged first.",
                "$ref": "#/$defs/texts"
              },
              "paths": {
                "description": "Globs of the paths the step may change; without it, any.",
                "$ref": "#/$defs/texts"
              },
              "skip": {
                "description": "Why it need not be done: it is skipped from the start.",
                "type": "string", "minLength": 1, "maxLength": 200
              },
              "allow": {
                "description": "Findings that are let pass: names, or patterns with * of names.",
                "$ref": "#/$defs/texts"
              },
              "guards": {
                "description": "The guards that look at this step, instead of the gate's.",
                "type": "array",
                "uniqueItems": true,
                "items": { "enum": ["tests", "scope", "secrets", "protected", "tree"] }
              },
              "verifiers": {
                "description": "What its result must pass beside the gate: commands, or names.",
                "type": "array", "minItems": 1,
                "items": { "anyOf": [{ "$ref": "#/$defs/name" }, { "$ref": "#/$defs/verifier" }] }
              },
              "requires": { "description": "What run --has must name.", "$ref": "#/$defs/texts" },
              "workflow": { "description": "The name of its workflow.", "$ref": "#/$defs/name" },
              "prompt": { "description": "A template in place of the plan's own prompt.", "type": "string" },
              "lock": { "description": "Steps of one lock never run at the same time.", "type": "string" },
              "uses": { "description": "Resources held by whoever does the step.", "$ref": "#/$defs/texts" },
              "priority": {
                "description": "Higher goes first.",
                "type": "integer", "minimum": -1000000, "maximum": 1000000, "default": 0
              },
              "run": { "description": "A shell command in place of an agent.", "type": "string" },
              "timeout": { "description": "The longest attempt, 1s to 7d.", "$ref": "#/$defs/duration" },
              "agent": {
                "description": "The agent that does it, a name under agents.",
                "$ref": "#/$defs/name"
              },
              "expect": {
                "description": "change: an attempt that changes nothing has failed.", "const": "change"
              },
              "for": {
                "description": "Makes one step for each match.",
                "type": "object",
                "additionalProperties": false,
                "minProperties": 1,
                "maxProperties": 1,
                "properties": {
                  "files": { "description": "A glob over tracked files.", "type": "string" },
                  "dirs": { "description": "A glob over directories of tracked files.", "type": "string" },
                  "lines": { "description": "A command; each line it prints is a match.", "type": "string" }
                }
              }
            }
          }
        }
      },

    """# + definitions
}
