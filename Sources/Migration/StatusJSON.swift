extension StatusReport {
  /// The report for scripts, version 1; `printableBytes` are what is printed.
  ///
  /// ```
  /// {"version":1,"seq":…,"shared":…,
  ///  "migrations":[{"baseline","name","state","reason","into","steps":[…],"counts":{…}}]}
  /// ```
  ///
  /// `baseline` is `null`, or says who judges the base: `holder`, `holder_dead`, `expires_at`.
  /// Each step has `id`, `title`, `state`, `attempts`, `epoch`, `holder`, `holder_dead`, `expires_at` (Unix
  /// seconds), `needs`, `commit` and `reason`. Every member is always there; what is absent is `null`.
  /// `counts` has each word of `StepPhase.words`, zeros included, and `total`. See `StepReport` for what the
  /// members mean. `shared` has `remote`, `as_of` (Unix seconds, or `null`) and `waiting`.
  /// Members may be added within version 1, never taken away or given another meaning.
  public var json: JSON {
    .object([
      JSON.Member("migrations", .array(migrations.map(\.json))),
      JSON.Member("seq", .integer(Int64(sequence))), JSON.Member("shared", shared?.json ?? .null),
      JSON.Member("version", .integer(1)),
    ])
  }

  /// `json.printableBytes`, made a step at a time: of 10,000 steps the whole value would cost more than all
  /// the rest of `status`.
  public var printableBytes: [UInt8] {
    var writer = JSONWriter()
    writer.escapesUnsafe = true
    writer.bytes += #"{"migrations":["#.utf8
    for (index, migration) in migrations.enumerated() {
      if index > 0 { writer.bytes.append(UInt8(ascii: ",")) }
      migration.write(to: &writer)
    }
    writer.bytes += #"],"seq":\#(sequence),"shared":"#.utf8
    writer.write(shared?.json ?? .null)
    writer.bytes += #","version":1}"#.utf8
    return writer.bytes
  }
}

extension SharedPicture {
  var json: JSON {
    .object([
      JSON.Member("as_of", asOf.map { .integer($0.seconds) } ?? .null),
      JSON.Member("remote", .string(remote)), JSON.Member("waiting", .integer(Int64(waiting))),
    ])
  }
}

extension MigrationReport {
  /// The bytes of `json`, which ends with the steps.
  fileprivate func write(to writer: inout JSONWriter) {
    var head = self
    head.steps = []
    writer.write(head.json(total: steps.count))
    writer.bytes.removeLast(2)
    for (index, step) in steps.enumerated() {
      if index > 0 { writer.bytes.append(UInt8(ascii: ",")) }
      step.write(to: &writer)
    }
    writer.bytes += "]}".utf8
  }

  var json: JSON { json(total: steps.count) }

  private func json(total: Int) -> JSON {
    var numbers = zip(StepWord.allCases, counts).map { JSON.Member($0.rawValue, .integer(Int64($1))) }
    numbers.append(JSON.Member("total", .integer(Int64(total))))
    return .object([
      JSON.Member("baseline", baseline?.json ?? .null),
      JSON.Member("counts", .object(numbers)),
      JSON.Member("into", .string(into)),
      JSON.Member("name", .string(name)),
      JSON.Member("reason", .text(reason)),
      JSON.Member("state", .string(state)),
      JSON.Member("steps", .array(steps.map(\.json))),
    ])
  }
}

extension BaselineReport {
  fileprivate var json: JSON {
    .object([
      JSON.Member("expires_at", .integer(expiresAt.seconds)),
      JSON.Member("holder", .string(holder)),
      JSON.Member("holder_dead", .bool(isHolderDead)),
    ])
  }
}

extension StepReport {
  /// The bytes of `json`, without making it.
  fileprivate func write(to writer: inout JSONWriter) {
    func member(_ key: StaticString, _ text: String?) {
      writer.writeKey(key)
      if let text { writer.writeString(text) } else { writer.write(.null) }
    }
    func member(_ key: StaticString, _ number: Int64?) {
      writer.writeKey(key)
      writer.write(number.map(JSON.integer) ?? .null)
    }
    member("{\"attempts\":", Int64(attempts))
    member(",\"commit\":", commit?.hex)
    member(",\"epoch\":", Int64(epoch))
    member(",\"expires_at\":", expiresAt?.seconds)
    member(",\"holder\":", holder)
    writer.writeKey(isHolderDead ? ",\"holder_dead\":true" : ",\"holder_dead\":false")
    member(",\"id\":", id)
    writer.writeKey(",\"needs\":[")
    for (index, need) in needs.enumerated() {
      if index > 0 { writer.bytes.append(UInt8(ascii: ",")) }
      writer.writeString(need)
    }
    member("],\"reason\":", reason)
    member(",\"state\":", state)
    member(",\"title\":", title)
    writer.bytes.append(UInt8(ascii: "}"))
  }

  var json: JSON {
    .object([
      JSON.Member("attempts", .integer(Int64(attempts))),
      JSON.Member("commit", .text(commit?.hex)),
      JSON.Member("epoch", .integer(Int64(epoch))),
      JSON.Member("expires_at", expiresAt.map { .integer($0.seconds) } ?? .null),
      JSON.Member("holder", .text(holder)),
      JSON.Member("holder_dead", .bool(isHolderDead)),
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
