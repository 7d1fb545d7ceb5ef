import CanonicalJSON

extension JSONWriter {
  /// Writes what `step.json` is. Nearly all steps of a long migration are untouched or merged: those without
  /// building it.
  mutating func write(_ step: Step) {
    switch step.phase {
    case .waiting where step.isUntouched: writeKey("\"waiting\"")
    case .ready where step.isUntouched: writeKey("\"ready\"")
    case .merged(let commit) where step.hasNoHistory:
      writeKey("{")
      if let commit {
        writeKey("\"commit\":\"")
        bytes += commit.hex.utf8
        writeKey("\",")
      }
      writeKey("\"n\":[")
      writeInteger(Int64(step.epoch))
      for number in [step.failures, step.granted, step.infrastructureRetries, step.gates] {
        writeKey(",")
        writeInteger(Int64(number))
      }
      writeKey("],\"phase\":\"merged\"")
      if !step.used.isZero {
        writeKey(",\"used\":")
        write(step.used.json)
      }
      writeKey("}")
    case .waiting, .ready, .leased, .submitted, .gating, .merging, .merged, .backoff, .blocked, .person,
      .proposed, .skipped,
      .cancelled, .undone:
      write(step.json)
    }
  }

  mutating func writeArray(_ indices: Range<Int>, _ writeItem: (inout JSONWriter, Int) -> Void) {
    writeKey("[")
    for index in indices {
      if index > indices.lowerBound { writeKey(",") }
      writeItem(&self, index)
    }
    writeKey("]")
  }

  /// An object of which one member is written by `body`.
  mutating func writeMembers(
    _ members: [JSON.Member], _ key: String, _ body: (inout JSONWriter) -> Void
  ) {
    writeKey("{")
    for (index, member) in sorted(members + [JSON.Member(key, .null)]).enumerated() {
      if index > 0 { writeKey(",") }
      writeString(member.key)
      writeKey(":")
      if member.key == key { body(&self) } else { write(member.value) }
    }
    writeKey("}")
  }
}

extension Step {
  /// The steps of a checkpoint, in the order of their plan.
  static func list(_ items: [JSON], of plan: Plan) throws(JSONFault) -> [Step] {
    guard items.count == plan.steps.count else {
      throw JSONFault(
        "the checkpoint of '\(plan.migration)' has \(items.count) steps, its plan \(plan.steps.count)")
    }
    var steps: [Step] = []
    steps.reserveCapacity(items.count)
    for (item, planned) in zip(items, plan.steps) { steps.append(try Step(id: planned.id, json: item)) }
    return steps
  }
}
