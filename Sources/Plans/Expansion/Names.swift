import Migration

/// The names that a prompt may use; `check` knows them before any step runs.
public enum PromptNames {
  /// What a name stands for.
  enum Kind: Equatable { case text, list, flag }

  /// The names known in every prompt.
  static let always: [String: Kind] = [
    "migration.name": .text, "step.id": .text, "step.title": .text, "step.paths": .list,
    "step.run": .text, "attempt.number": .text, "attempt.failures": .list, "attempt.is_retry": .flag,
    "base.commit": .text, "braces.open": .text,
    "lessons": .list, "attempt.diff": .text, "stage.name": .text, "stage.round": .text, "stage.from": .text,
    "stage.verdict": .text, "stage.words": .text, "stage.notes": .list,
  ]

  /// The names known in the prompts of a step that `for:` made; the plan's own prompt may use them when the
  /// plan has such a step, and they are empty for the other steps.
  static let match = ["path", "dir", "name", "stem", "line", "index"]

  /// The names known in every template of a plan with `targets`.
  static let target = ["target.id", "target.url", "target.owner", "target.base", "target.branch"]

  /// The values of a target; empty for none.
  static func value(of member: FleetMember?) -> TemplateValue {
    .map([
      "id": .text(member?.target.id ?? ""), "url": .text(member?.target.url ?? ""),
      "owner": .text(member?.target.owner ?? ""), "base": .text(member?.target.base ?? ""),
      "branch": .text(member?.branch ?? ""),
    ])
  }

  /// The values of all names, for rendering the prompt of one attempt.
  ///
  /// - Parameters:
  ///   - attempt: The number of the attempt, from 1.
  ///   - failures: What went wrong in the attempts before.
  ///   - base: The commit that the attempt starts from.
  ///   - lessons: What others failed without.
  ///   - stage: The stage of the step's workflow.
  ///   - diff: What was done so far.
  ///   - target: The repository of a fleet that it is in.
  public static func values(
    migration: String, step: PlannedStep, attempt: Int, failures: [String], base: String,
    lessons: [String] = [], stage: StageTask? = nil, diff: String = "", target: FleetMember? = nil
  ) -> TemplateValue {
    var matched: [String: TemplateValue] = [:]
    for name in match { matched[name] = .text(step.match[name] ?? "") }
    return .map([
      "migration": .map(["name": .text(migration)]),
      "step": .map([
        "id": .text(step.id), "title": .text(step.title),
        "paths": .list(step.paths.map { .text($0) }), "run": .text(step.run ?? ""),
      ]),
      "attempt": .map([
        "number": .text(String(attempt)), "failures": .list(failures.map { .text($0) }),
        "is_retry": .flag(attempt > 1), "diff": .text(diff),
      ]),
      "stage": .map([
        "name": .text(stage?.stage.name ?? ""), "round": .text(stage.map { String($0.round) } ?? ""),
        "from": .text(stage?.from ?? ""), "verdict": .text(stage?.verdict ?? ""),
        "words": .text(stage?.stage.words ?? ""), "notes": .list((stage?.notes ?? []).map { .text($0) }),
      ]),
      "base": .map(["commit": .text(base)]),
      "lessons": .list(lessons.map { .text($0) }),
      "match": .map(matched), "target": value(of: target),
      "braces": .map(["open": .text("{{")]),
    ])
  }

  /// All names with their kinds, `match.*` as far as `matched` knows them; names with a dot in it are whole.
  static func known(matched: [String]) -> [String: Kind] {
    var known = always
    for name in matched { known[whole(name)] = .text }
    return known
  }

  /// What templates call one of the names of a match.
  static func whole(_ name: String) -> String { name.contains(".") ? name : "match." + name }
}

extension Template {
  /// The prompt of an attempt. What others learnt stands at its end where it does not say where.
  /// So do the words of the stages before, and how the stage is to end.
  public func prompt(
    _ values: TemplateValue, lessons: [String], stage: StageTask? = nil
  ) throws(TemplateFault) -> String {
    var text = try render(values)
    func add(_ title: String, _ items: [String], unless name: String) {
      if items.isEmpty || names.contains(where: { $0.name == name }) { return }
      let end = text.isEmpty || text.hasSuffix("\n") ? "" : "\n"
      text += end + "\n\(title):\n" + items.map { "- \($0)\n" }.joined()
    }
    add("What others learnt", lessons, unless: "lessons")
    guard let stage else { return text }
    add("What was said before", stage.notes, unless: "stage.notes")
    text += text.isEmpty || text.hasSuffix("\n") ? "" : "\n"
    return text + """

      End with one of these words: \(stage.stage.words). Say it in your closing answer or, where that has no \
      form, as {"result":"WORD","notes":["…"]} in the file that $MIGRATE_RESULT_FILE names, with what the \
      next should know.\(stage.stage.writes ? "" : " Change no files: changes are not taken.")

      """
  }

  /// Reads a template out of the plan and checks each name, so that nothing is missing when a step runs.
  /// Every fault is collected; with one there is no template.
  static func checked(
    _ text: String, at place: TemplatePlace, known: [String: PromptNames.Kind], _ faults: Faults
  ) -> Template? {
    var parser = TemplateParser(text)
    let parts = parser.parse()
    for fault in parser.faults {
      faults.add(place.mark(fault.line, fault.column).fault(fault.message, hint: fault.hint))
    }
    var isGood = parser.faults.isEmpty
    for name in parser.names where !faults.isFull {
      let mark = place.mark(name.line, name.column)
      if let kind = known[name.name] {
        guard kind == .list, !name.isSection else { continue }
        faults.add(
          mark.fault("'\(name.name)' is a list", hint: "write {{#\(name.name)}}{{.}} {{/\(name.name)}}"))
      } else {
        let near = Suggestion.nearest(to: name.name, among: known.keys.sorted())
        faults.add(
          mark.fault(
            "unknown name '\(name.name)' in a template",
            hint: near.map { "did you mean '\($0)'?" }
              ?? "known names are \(known.keys.sorted().joined(separator: ", "))"))
      }
      isGood = false
    }
    return isGood ? Template(names: parser.names, parts: parts) : nil
  }
}

/// Where a template stands in the plan file, so that its own lines become the file's.
struct TemplatePlace {
  private let start: Mark
  private let style: Node.Style

  /// The body, whose lines are the file's.
  init(bodyLine: Int) {
    start = Mark(line: bodyLine - 1, column: 1)
    style = .block
  }

  /// A value of the front matter. Text after `|` or `>` starts on the next line; quoted text after the quote.
  init(_ text: Text) {
    start = text.mark
    style = text.style
  }

  func mark(_ line: Int, _ column: Int) -> Mark {
    switch style {
    case .block: Mark(line: start.line + line, column: column)
    case .plain, .quoted:
      line > 1
        ? Mark(line: start.line + line - 1, column: column)
        : Mark(line: start.line, column: start.column + column - (style == .plain ? 1 : 0))
    }
  }
}
