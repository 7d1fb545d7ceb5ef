/// A makefile as far as it says what is run.
struct MakeRules {
  /// The rules, each with its recipe, in order.
  private(set) var rules: [(target: String, text: String)] = []
  /// Everything else: variables, inclusions, conditions.
  private(set) var other: [String] = []
  private(set) var phony: Set<String> = []

  init(_ text: String) {
    var isInRule = false
    var pending = ""
    for line in lines(of: text) {
      if line.hasSuffix("\\") {
        pending += line.dropLast() + " "
        continue
      }
      let whole = pending + line
      pending = ""
      let plain = whole[...].trimmed
      if plain.isEmpty || plain.hasPrefix("#") { continue }
      if whole.hasPrefix("\t"), isInRule, !rules.isEmpty {
        rules[rules.count - 1].text += "\n" + plain
        continue
      }
      let target = plain.before(":")?.trimmed ?? ""
      let rest = plain.after(":") ?? ""
      let isRule =
        !target.isEmpty && !rest.hasPrefix("=") && !rest.hasPrefix(":") && !target.has("=")
        && !target.has("%")
      isInRule = false
      if isRule, target == ".PHONY" {
        phony.formUnion(rest.split { $0 == " " || $0 == "\t" }.map(String.init))
      } else if isRule, !target.hasPrefix("."), !rest.has("=") {
        rules.append((String(target), String(plain)))
        isInRule = true
      } else {
        other.append(String(plain))
      }
    }
  }

  /// What people and pipelines call by these names, whatever calls them.
  static let hooks: Set = ["test", "check", "verify", "lint", "ci", "all", "default"]

  /// Whether a line only stands in recipes that nothing which checks comes to.
  func isAside(_ line: Substring) -> Bool {
    let owners = rules.filter { $0.text.split(separator: "\n").dropFirst().contains { $0.trimmed == line } }
    guard !owners.isEmpty else { return false }
    var reached = Set(rules.map(\.target).filter { name in MakeRules.hooks.contains { name.hasPrefix($0) } })
    if let first = rules.first?.target { reached.insert(first) }
    var fresh = reached
    while !fresh.isEmpty {
      // What a rule needs, and what it asks another make for.
      let lines = rules.filter { fresh.contains($0.target) }.flatMap { rule in
        rule.text.split(separator: "\n").enumerated().filter {
          $0.offset == 0 || $0.element.lowercased()[...].has("make")
        }
        .map(\.element)
      }
      let words = lines.flatMap { line in
        line.split { !($0.isLetter || $0.isNumber || "_-./".contains($0)) }.map(String.init)
      }
      fresh = Set(words).intersection(rules.map(\.target)).subtracting(reached)
      reached.formUnion(fresh)
    }
    return owners.allSatisfy { !reached.contains($0.target) }
  }

  /// Whether all that is new are targets of their own, which nothing that was there can run.
  static func onlyNewTargets(_ path: String, _ before: String, _ after: String) -> Bool {
    guard ["Makefile", "makefile", "GNUmakefile"].contains(TestPath(path).name) else { return false }
    let (old, new) = (MakeRules(before), MakeRules(after))
    guard !old.rules.isEmpty, old.other == new.other, old.phony.isSubset(of: new.phony) else { return false }
    let known = Set(old.rules.map(\.target))
    let kept = new.rules.filter { known.contains($0.target) }
    guard kept.map(\.text) == old.rules.map(\.text), new.rules.first?.target == old.rules.first?.target else {
      return false
    }
    func words(_ text: String) -> Set<String> {
      Set(text.split { !($0.isLetter || $0.isNumber || "_-.".contains($0)) }.map(String.init))
    }
    let spoken = words(before)
    // A pattern or a call of make may reach any name.
    guard !old.other.contains(where: { $0.contains("%") }) else { return false }
    return new.rules.filter { !known.contains($0.target) }.allSatisfy { rule in
      words(rule.target).count == 1 && !rule.target.contains(" ") && !spoken.contains(rule.target)
        && !MakeRules.hooks.contains { rule.target.hasPrefix($0) }
    }
  }
}
