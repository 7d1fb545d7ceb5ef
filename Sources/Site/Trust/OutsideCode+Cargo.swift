import System

/// Settings of Cargo.
extension OutsideCodeSearch {
  /// Overrides (`paths`, `[patch]`, sources, programs) in the settings that a `cargo` in a slot would read.
  package func cargo() -> [OutsideCode] {
    let home = environment["CARGO_HOME"] ?? (environment["HOME"] ?? "") + "/.cargo"
    let folders = foldersAboveSlots.map { ($0 == "/" ? "" : $0) + "/.cargo" } + [home]
    var found: [OutsideCode] = []
    for name in ["config.toml", "config"] {
      var seen: Set<String> = []
      for folder in folders where seen.insert(folder).inserted {
        found += overrides(in: "\(folder)/\(name)", from: Files.parent(of: folder))
      }
      if isInCandidate(".cargo/" + name) {
        found += overrides(in: "\(main)/.cargo/\(name)", from: candidate)
      }
    }
    return found
  }

  private func overrides(in file: String, from folder: String) -> [OutsideCode] {
    TOMLStrings.find(in: text(of: file) ?? "").compactMap { key, value in
      // A bare name is a path only where nothing else can be meant.
      let isPath = value.contains("/") || ["paths", "path", "directory", "local-registry"].contains(key)
      return isPath ? target(value, from: folder) : nil
    }.map {
      OutsideCode(
        place: "'\(file)' names it", target: $0,
        hint: "take it out, or give the gate a CARGO_HOME of its own; see 'Environments' in "
          + "gitmigrate-plan(5)")
    }
  }
}

/// The texts in a TOML file, each with the last key before it. Reads no more of TOML than that.
package enum TOMLStrings {
  static func find(in text: String) -> [(key: String, value: String)] {
    var found: [(key: String, value: String)] = []
    var key = ""
    var word = ""
    var rest = text[...]
    while let character = rest.popFirst() {
      switch character {
      case "#": rest = rest.drop { !$0.isNewline }
      case "\"", "'":
        var value = ""
        while let next = rest.popFirst(), next != character, !next.isNewline {
          value.append(next == "\\" && character == "\"" ? rest.popFirst() ?? next : next)
        }
        found.append((key, value))
      case "=":
        key = word
        word = ""
      case _ where character.isLetter || character.isNumber || "-_".contains(character):
        word.append(character)
      case " ", "\t": continue
      default: word = ""
      }
    }
    return found
  }
}
