import Migration

/// Writes a first plan out of a sentence and of what a repository shows.
public struct NewPlan: Sendable {
  /// The plan file's text.
  public private(set) var text = ""
  /// What a person should look at.
  public private(set) var warnings: [String] = []

  /// What is migrated away, and what comes in its place, as far as the sentence says so.
  public struct Change: Equatable, Sendable {
    /// What is to go.
    public var old: String
    /// What comes instead.
    public var new: String

    /// Reads `oldlog → newlog`, `replace oldlog with newlog`, `from oldlog to newlog` and `oldlog to newlog`.
    public init?(_ sentence: String) {
      for arrow in ["→", "->", "=>"] {
        guard let range = sentence.firstRange(of: arrow) else { continue }
        let left = sentence[..<range.lowerBound].split(whereSeparator: \.isWhitespace).last
        let right = sentence[range.upperBound...].split(whereSeparator: \.isWhitespace).first
        guard let left, let right else { return nil }
        self.init(left, right)
        return
      }
      let words = sentence.split(whereSeparator: \.isWhitespace)
      guard let middle = words.firstIndex(where: { ["to", "with", "by"].contains($0.lowercased()) }),
        middle > 0, middle + 1 < words.count
      else { return nil }
      self.init(words[middle - 1], words[middle + 1])
    }

    private init?(_ left: Substring, _ right: Substring) {
      let signs: (Character) -> Bool = { "'\"`.,;:!?".contains($0) }
      var (old, new) = (left.drop(while: signs), right.drop(while: signs))
      while let last = old.last, signs(last) { old.removeLast() }
      while let last = new.last, signs(last) { new.removeLast() }
      guard !old.isEmpty, !new.isEmpty, old != new else { return nil }
      (self.old, self.new) = (String(old), String(new))
    }
  }

  /// Writes a plan for `sentence`. `uses` are the files in which what is to go stands.
  public init(_ sentence: String, tracked: [String], uses: [String], text: @escaping (String) -> String?) {
    let change = Change(sentence)
    var plan = PlanText()
    plan.comment(sentence)
    plan.line("")
    plan.comment("What the migration is called: part of refs, and of the branch 'migrate/…' that it fills.")
    plan.line("migration: \(NewPlan.name(of: sentence, change))")
    plan.line("")
    plan.comment("Who does the steps: claude, codex, or 'command: …' for any program that takes a prompt on")
    plan.comment("standard input. Without an agent, workers take steps with 'git migrate claim'.")
    plan.line("agent: { adapter: claude }")
    plan.comment("budget: { usd: 50 }        # the migration pauses there")
    plan.line("")
    writeGate(BuildSystems(files: tracked, text: text), to: &plan)
    writeSteps(sentence, change, uses, tracked, to: &plan)
    self.text = plan.file(body: NewPlan.prompt(sentence, change))
  }

  private static func name(of sentence: String, _ change: Change?) -> String {
    let words = change.map { "\($0.old) to \($0.new)" } ?? sentence
    let name = Slug.piece(words.lowercased()).drop { !$0.isLetter && !$0.isNumber }
    var short = String(name.prefix(40))
    while let last = short.last, "-._".contains(last) { short.removeLast() }
    return Identifier.migrationFault(short) == nil ? short : "migration"
  }

  private mutating func writeGate(_ systems: BuildSystems, to plan: inout PlanText) {
    guard !systems.verifiers.isEmpty else {
      plan.comment("What a result must pass before it is merged. No build files were found here:")
      plan.comment("  verifiers:")
      plan.comment("    - { name: test, run: \"make test\" }")
      plan.line("gate: none")
      plan.line("")
      warnings.append("no build files were found, so 'gate: none' merges whatever is made: name your tests")
      return
    }
    plan.comment(
      "What a result must pass before it is merged: what the build files here ask for. The base must")
    plan.comment("pass it, too.")
    var gate = Plan.Gate(
      verifiers: systems.verifiers, guards: [.tests, .scope, .secrets], keep: systems.keep)
    gate.setup = systems.setup
    for line in BuildSystems.planText(gate).split(separator: "\n") { plan.line(String(line)) }
    plan.line("")
  }

  private mutating func writeSteps(
    _ sentence: String, _ change: Change?, _ uses: [String], _ tracked: [String], to plan: inout PlanText
  ) {
    guard let change, !uses.isEmpty else {
      if let change {
        warnings.append("'\(change.old)' stands in no file here, so the plan has one step as an example")
      }
      plan.line("steps:")
      plan.comment("One step for all. Many steps that are alike are better: 'for:' makes them.", indent: 2)
      plan.comment("- for: { files: \"src/**/*.py\" }", indent: 2)
      plan.comment("  id: \"use-{{match.path}}\"", indent: 2)
      plan.comment("  title: \"Migrate {{match.path}}\"", indent: 2)
      plan.comment("  paths: [\"{{match.path}}\"]", indent: 2)
      plan.line("  - id: S1")
      plan.pair("title", String(sentence.prefix(Bounds.title)), indent: 4)
      return
    }
    let word = ShellQuote.word(change.old)
    plan.comment(
      "Done means more than that every step is merged: nothing of it is left. 'finish' asks for that.")
    plan.line("until: { count: \(PlanText.scalar("git grep -I -o -w -F -e \(word) | wc -l")) }")
    plan.line("")
    plan.line("steps:")
    plan.comment(
      "'\(change.old)' stands in \(Count.of(uses.count, "file")): a step for each. Try some first, with",
      indent: 2)
    plan.comment("'git migrate run --sample 3'.", indent: 2)
    plan.line("  - for: { lines: \(PlanText.scalar("git grep -I -l -w -F -e \(word)")) }")
    plan.line("    id: \"use-{{match.line}}\"")
    plan.pair("title", "\(change.old) to \(change.new) in {{match.line}}", indent: 4)
    plan.line("    paths: [\"{{match.line}}\"]")
    plan.comment("A codemod in place of the agent, where one will do:", indent: 4)
    plan.comment("run: sed -i 's/\(change.old)/\(change.new)/g' {{match.line}}", indent: 4)
  }

  private static func prompt(_ sentence: String, _ change: Change?) -> String {
    let what = PlanText.prompt(sentence)
    var lines = [
      "You are working on {{step.id}}: {{step.title}}.", "", "It is part of a larger change: \(what)", "",
    ]
    if let change {
      lines += [
        "Replace every use of \(PlanText.prompt(change.old)) by \(PlanText.prompt(change.new)) "
          + "in these files, "
          + "and change nothing else:",
        "{{#step.paths}}", "- {{.}}", "{{/step.paths}}",
      ]
    } else {
      lines.append("Change what the step asks for, and nothing else.")
    }
    lines.append("Leave the tests as strict as they are.")
    return lines.joined(separator: "\n") + "\n" + PlanText.retries
  }
}
