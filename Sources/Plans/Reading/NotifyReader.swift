import Migration

/// Reads how people are told: a command, or a map of ways and times.
extension PlanReader {
  func readNotify(into plan: inout Plan) {
    guard let node = fields.node("notify") else { return }
    if case .map = node.content {
      plan.messages = faults.collect(try messages(node))
    } else {
      plan.notify = faults.collect(try node.text("'notify'").value)
    }
  }

  private func messages(_ node: Node) throws(PlanFault) -> NotifyPolicy {
    let inner = try Fields(node, KnownKeys.notify, in: "'notify'", faults)
    var policy = NotifyPolicy()
    for kind in NotifyChannel.Kind.allCases {
      guard let node = inner.node(kind.rawValue) else { continue }
      if let channel = faults.collect(try channel(kind, node)), let channel {
        policy.channels.append(channel)
      }
    }
    if policy.channels.isEmpty, inner.unknownKey == nil,
      NotifyChannel.Kind.allCases.allSatisfy({ inner.node($0.rawValue) == nil })
    {
      let words = NotifyChannel.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      faults.add(inner.mark.fault("'notify' names no way to people", hint: "give it one of \(words)"))
    }
    policy.digestSeconds =
      faults.found(try inner.seconds("digest", in: NotifyPolicy.digests)) ?? policy.digestSeconds
    policy.againSeconds = faults.found(try inner.seconds("again", in: NotifyPolicy.repeats))
    if let text = faults.found(try inner.text("by")) {
      policy.isByOwner = text.value == "owner"
      if !policy.isByOwner {
        faults.add(text.mark.fault("'by' must be owner, not \(quoted(text.value))"))
      }
    }
    if let node = inner.node("quiet") { policy.quiet = faults.collect(try quiet(node)) ?? nil }
    return policy
  }

  /// A way as its target alone, or with the least weight that it tells; `nil` for one that is switched off.
  private func channel(_ kind: NotifyChannel.Kind, _ node: Node) throws(PlanFault) -> NotifyChannel? {
    let subject = "'\(kind.rawValue)'"
    var (target, least): (Text?, Severity) = (nil, .info)
    if case .map = node.content {
      let inner = try Fields(node, KnownKeys.notifyChannel, in: subject, faults)
      target = try inner.text("to")
      if let text = try inner.text("severity") { least = try severity(text) }
    } else if kind == .desktop {
      if case .text("false", .plain) = node.content { return nil }
      guard case .text("true", .plain) = node.content else {
        throw node.mark.fault("\(subject) must be true or false, not \(node.shown)")
      }
    } else {
      target = try node.text(subject)
    }
    if target == nil, kind != .desktop {
      throw node.mark.fault("\(subject) has no 'to'", hint: "say to whom")
    }
    if let fault = NotifyChannel.fault(kind, target?.value ?? "") {
      throw (target?.mark ?? node.mark).fault("\(subject) \(fault)")
    }
    return NotifyChannel(kind, target?.value ?? "", least: least)
  }

  private func severity(_ text: Text) throws(PlanFault) -> Severity {
    guard let severity = Severity(rawValue: text.value) else {
      let words = Severity.allCases.map(\.rawValue).joined(separator: ", ")
      throw text.mark.fault("'severity' must be one of \(words), not \(quoted(text.value))")
    }
    return severity
  }

  private func quiet(_ node: Node) throws(PlanFault) -> QuietHours? {
    let inner = try Fields(node, KnownKeys.quiet, in: "'quiet'", faults)
    _ = try inner.required("start", of: "'quiet'")
    _ = try inner.required("end", of: "'quiet'")
    guard let start = minute("start", inner), let end = minute("end", inner) else { return nil }
    if start == end { throw inner.mark.fault("'quiet' ends when it begins") }
    return QuietHours(start: start, end: end)
  }
}
