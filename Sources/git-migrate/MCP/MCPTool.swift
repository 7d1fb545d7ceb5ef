import CanonicalJSON
import Migration
import Runner

/// A tool that a worker's client is offered.
enum MCPTool: String, CaseIterable {
  case result, status, verify

  /// What is done for a call; `nil` when the arguments are not as the tool's schema says.
  func request(_ arguments: StreamValue?) -> WorkerRequest? {
    switch self {
    case .verify: return .verify(isAnew: arguments?["no_cache"]?.isTrue ?? false)
    case .status: return .status
    case .result:
      guard let said = arguments?["outcome"]?.text, let arguments, let word = WorkerWord(arguments) else {
        return nil
      }
      // In a stage of a workflow it may be one of the stage's words.
      if let outcome = WorkerWord.Outcome(rawValue: said), !MCPTool.outcomes.contains(outcome) { return nil }
      return .result(word)
    }
  }

  /// A worker that failed just ends without having done it; the word is for files of scripts.
  private static let outcomes: [WorkerWord.Outcome] = [.done, .noOp, .cannot]

  /// The tool as `tools/list` tells it.
  var json: JSON {
    .members([
      "name": .string(rawValue), "title": .string(title), "description": .string(about),
      "inputSchema": input, "outputSchema": output,
      "annotations": .members([
        "title": .string(title), "readOnlyHint": .bool(self != .result), "destructiveHint": .bool(false),
        "idempotentHint": .bool(true), "openWorldHint": .bool(false),
      ]),
    ])
  }

  private var title: String {
    switch self {
    case .verify: "Try the gate on the work so far"
    case .status: "Where the step is"
    case .result: "Say how the work went"
    }
  }

  private var about: String {
    switch self {
    case .verify:
      "Judges the files as they are now: merged with the integration branch, by the very checks that decide "
        + "whether the work is merged. Records nothing and costs no attempt. Call it before you end, "
        + "and again after each repair. A verdict other than 'passed' comes with every failure that was "
        + "found. It takes as long as the project's checks."
    case .status: "Tells which step this is, how long its claim holds, and how far the migration is."
    case .result:
      "Says how the work went, once, as your last act: 'done' when the files are as the task wants them, "
        + "'no-op' when nothing was to be done, 'cannot' when it cannot be done, by another attempt either. "
        + "The last word counts."
    }
  }

  private var input: JSON {
    let (properties, required): (JSON, [String])
    switch self {
    case .status: (properties, required) = (.members([:]), [])
    case .verify:
      (properties, required) = (
        .members([
          "no_cache": .members([
            "type": .string("boolean"),
            "description": .string("run the checks also when their verdict on the very same files is known"),
          ])
        ]), []
      )
    case .result:
      let text = { (about: String) in
        JSON.members(["type": .string("string"), "description": .string(about)])
      }
      (properties, required) = (
        .members([
          "outcome": .members([
            "type": .string("string"),
            "description": .string(
              "one of \(MCPTool.outcomes.map(\.rawValue).joined(separator: ", ")); in a stage of a workflow "
                + "the word that the stage ends with"),
          ]),
          "reason": text("why nothing was to be done, or why it cannot be done"),
          "notes": text("what whoever reviews the work should know"),
          "propose": .members([
            "type": .string("array"), "items": .members(["type": .string("string")]),
            "description": .string("titles of further steps that the migration needs"),
          ]),
        ]), ["outcome"]
      )
    }
    return .members([
      "type": .string("object"), "properties": properties,
      "required": .array(required.map(JSON.string)), "additionalProperties": .bool(false),
    ])
  }

  private var output: JSON {
    switch self {
    case .verify: AnswerType.object(TriedWork.form.members).schema
    case .status: AnswerType.object(ClaimStanding.form.members).schema
    case .result: AnswerType.object(NotedWord.form.members).schema
    }
  }
}

extension AnswerType {
  /// The same as a JSON Schema.
  var schema: JSON {
    switch self {
    case .text: .members(["type": .string("string")])
    case .word(let words):
      .members(["type": .string("string"), "enum": .array(words.map(JSON.string))])
    case .number, .time: .members(["type": .string("integer")])
    case .flag: .members(["type": .string("boolean")])
    case .list(let item): .members(["type": .string("array"), "items": item.schema])
    case .map(let item): .members(["type": .string("object"), "additionalProperties": item.schema])
    case .document: .members([:])
    case .orNull(let type):
      .members(["anyOf": .array([type.schema, .members(["type": .string("null")])])])
    case .object(let members):
      .members([
        "type": .string("object"),
        "properties": .object(members.map { JSON.Member($0.name, $0.type.schema) }),
        "required": .array(members.map { .string($0.name) }),
      ])
    }
  }
}
