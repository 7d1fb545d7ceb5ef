extension StatusReport {
  /// The report for scripts, version 1; print it with `JSON.printable`.
  ///
  /// ```
  /// {"version":1,"seq":…,"migrations":[{"name","state","reason","into","steps":[…],"counts":{…}}]}
  /// ```
  ///
  /// Each step has `id`, `title`, `state`, `attempts`, `epoch`, `holder`, `expires_at` (Unix seconds),
  /// `needs`, `commit` and `reason`. Every member is always there; what is absent is `null`. `counts` has
  /// each word of `StepPhase.words`, zeros included, and `total`. See `StepReport` for what the members mean.
  /// Members may be added within version 1, never taken away or given another meaning.
  public var json: JSON {
    .object([
      JSON.Member("migrations", .array(migrations.map(\.json))),
      JSON.Member("seq", .integer(Int64(sequence))),
      JSON.Member("version", .integer(1)),
    ])
  }
}

extension JSON {
  /// The canonical text with every character that is unsafe on a terminal (I-30) as `\uXXXX`: the same value
  /// to every reader. Only for output; the ledger keeps the canonical bytes.
  public var printable: String {
    let text = canonical
    guard text.unicodeScalars.contains(where: PlainText.isUnsafe) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      guard PlainText.isUnsafe(scalar) else {
        result.unicodeScalars.append(scalar)
        continue
      }
      for unit in String(scalar).utf16 {
        let digits = String(unit, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
      }
    }
    return result
  }
}

extension MigrationReport {
  var json: JSON {
    var numbers = zip(StepWord.allCases, counts).map { JSON.Member($0.rawValue, .integer(Int64($1))) }
    numbers.append(JSON.Member("total", .integer(Int64(steps.count))))
    return .object([
      JSON.Member("counts", .object(numbers)),
      JSON.Member("into", .string(into)),
      JSON.Member("name", .string(name)),
      JSON.Member("reason", .text(reason)),
      JSON.Member("state", .string(state)),
      JSON.Member("steps", .array(steps.map(\.json))),
    ])
  }
}

extension StepReport {
  var json: JSON {
    .object([
      JSON.Member("attempts", .integer(Int64(attempts))),
      JSON.Member("commit", .text(commit?.hex)),
      JSON.Member("epoch", .integer(Int64(epoch))),
      JSON.Member("expires_at", expiresAt.map { .integer($0.seconds) } ?? .null),
      JSON.Member("holder", .text(holder)),
      JSON.Member("id", .string(id)),
      JSON.Member("needs", .array(needs.map(JSON.string))),
      JSON.Member("reason", .text(reason)),
      JSON.Member("state", .string(state)),
      JSON.Member("title", .string(title)),
    ])
  }
}

extension JSON {
  /// Text, or `null` when there is none.
  fileprivate static func text(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }
}
