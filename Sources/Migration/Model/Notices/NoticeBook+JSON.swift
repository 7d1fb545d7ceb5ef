import CanonicalJSON

extension NotifierClaim {
  func write(to object: inout ObjectBuilder) {
    claim.write(to: &object)
    object.set("notices", .array(notices.map { .integer(Int64($0)) }))
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init(try PublisherClaim(from: &object), notices: try object.numbers("notices"))
  }
}

extension NoticeReport {
  func write(to object: inout ObjectBuilder) {
    object.set("notices", .array(notices.map { .integer(Int64($0)) }))
    object.set("to", to)
    if !failed.isEmpty {
      object.set("failed", .object(failed.map { JSON.Member($0.channel, .string($0.reason)) }))
    }
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init(notices: try object.numbers("notices"), to: try object.strings("to"))
    guard let value = object.optional("failed") else { return }
    guard case .object(let members) = value, !members.isEmpty else {
      throw JSONFault("'failed' is no object")
    }
    for member in members {
      guard case .string(let reason) = member.value else { throw JSONFault("'failed' holds no text") }
      note(Failed(member.key, reason))
    }
  }
}

extension ObjectReader {
  /// How often something was tried in a row, where it was.
  fileprivate mutating func tries() throws(JSONFault) -> Int {
    let tries = try optionalInteger("tries") ?? 0
    guard ObjectReader.counterRange.contains(tries) else { throw JSONFault("'tries' is out of range") }
    return tries
  }

  /// Numbers that count from 1, at least one of them, ascending.
  fileprivate mutating func numbers(_ key: String) throws(JSONFault) -> [Int] {
    var numbers: [Int] = []
    for item in try array(key) {
      guard case .integer(let number) = item, (1...Int64(Int32.max)).contains(number),
        Int(number) > numbers.last ?? 0
      else { throw JSONFault("'\(key)' is no list of numbers") }
      numbers.append(Int(number))
    }
    if numbers.isEmpty { throw JSONFault("'\(key)' is empty") }
    return numbers
  }
}

extension NoticeBook {
  var json: JSON {
    var object = ObjectBuilder()
    object.set("last", last)
    object.set("items", .array(items.map(\.json)))
    if let notifier { object.set("notifier", notifier.json) }
    if let sentAt { object.set("sent_at", sentAt) }
    object.set("failing", .array(failing.map(\.json)))
    if tries > 0 { object.set("tries", tries) }
    if let retryAt { object.set("retry_at", retryAt) }
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "the notices")
    self.init()
    last = try reader.counter("last")
    for item in try reader.array("items") { items.append(try NoticeItem(json: item)) }
    if let value = reader.optional("notifier") { notifier = try NotifierClaim(json: value) }
    sentAt = try reader.optionalTimestamp("sent_at")
    for item in try reader.array("failing") { failing.append(try FailingChannel(json: item)) }
    tries = try reader.tries()
    retryAt = try reader.optionalTimestamp("retry_at")
    try reader.end()
  }
}

extension NoticeItem {
  var json: JSON {
    var object = ObjectBuilder()
    object.set("number", number)
    notice.write(to: &object)
    object.set("cause", cause)
    object.set("at", at)
    if let toldAt { object.set("told_at", toldAt) }
    object.set("more", hasMore)
    if tries > 0 { object.set("tries", tries) }
    if let retryAt { object.set("retry_at", retryAt) }
    object.set("told_to", toldTo)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "a notice")
    number = try reader.counter("number")
    notice = try Notice(from: &reader)
    cause = try reader.optionalString("cause")
    at = try reader.timestamp("at")
    toldAt = try reader.optionalTimestamp("told_at")
    (hasMore, toldTo) = (try reader.flag("more"), try reader.strings("told_to"))
    (tries, retryAt) = (try reader.tries(), try reader.optionalTimestamp("retry_at"))
    try reader.end()
  }
}

extension FailingChannel {
  var json: JSON {
    .array([.string(channel), .string(reason), .integer(since.milliseconds)])
  }

  init(json: JSON) throws(JSONFault) {
    guard case .array(let items) = json, items.count == 3, case .string(let channel) = items[0],
      case .string(let reason) = items[1], case .integer(let since) = items[2], since >= 0
    else { throw JSONFault("a failing channel is damaged") }
    self.init(channel: channel, reason: reason, since: Timestamp(milliseconds: since))
  }
}
