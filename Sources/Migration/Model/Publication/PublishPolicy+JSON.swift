import CanonicalJSON

extension PublishPolicy {
  var json: JSON {
    var object = ObjectBuilder()
    let ordinary = PublishPolicy()
    object.set("unit", unit.rawValue)
    if depth != ordinary.depth { object.set("depth", depth) }
    object.set("max_files", maxFiles)
    if needsApproval { object.set("after", "approve") }
    object.set("draft", drafts)
    if readiesWhenGreen { object.set("ready", "green") }
    object.set("title", title)
    object.set("body", body)
    object.set("labels", labels)
    object.set("reviewers", reviewers)
    object.set("ask_owners", asksOwners)
    if window != PublishWindow() { object.set("window", window.json) }
    if fixes != ordinary.fixes { object.set("fixes", fixes) }
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "'publish'")
    self.init()
    unit = try reader.word("unit", as: Unit.self)
    depth = try reader.optionalInteger("depth") ?? depth
    maxFiles = try reader.optionalInteger("max_files")
    needsApproval = try reader.mark("after", "approve")
    drafts = try reader.strings("draft")
    readiesWhenGreen = try reader.mark("ready", "green")
    title = try reader.optionalString("title")
    body = try reader.optionalString("body")
    labels = try reader.strings("labels")
    reviewers = try reader.strings("reviewers")
    asksOwners = try reader.flag("ask_owners")
    if let value = reader.optional("window") { window = try PublishWindow(json: value) }
    fixes = try reader.optionalInteger("fixes") ?? fixes
    guard Self.depths.contains(depth), Self.fixRange.contains(fixes),
      maxFiles.map(Self.files.contains) ?? true
    else { throw JSONFault("a number of 'publish' is out of range") }
    try reader.end()
  }
}

extension PublishWindow {
  var json: JSON {
    var object = ObjectBuilder()
    if let rate { object.set("rate", .array([.integer(Int64(rate.count)), .integer(Int64(rate.seconds))])) }
    if !days.isEmpty { object.set("days", .array(days.map { .integer(Int64($0)) })) }
    if start != end { object.set("hours", .array([.integer(Int64(start)), .integer(Int64(end))])) }
    if spacing != 1 { object.set("spacing", spacing) }
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "'window'")
    self.init()
    if let pair = try Self.numbers(reader.optional("rate"), count: 2) {
      rate = Rate(count: max(1, pair[0]), seconds: max(1, pair[1]))
    }
    if let value = reader.optional("days") {
      days = try Self.numbers(value, count: nil) ?? []
      guard days.allSatisfy((0...6).contains) else { throw JSONFault("'days' are numbers from 0 to 6") }
    }
    if let pair = try Self.numbers(reader.optional("hours"), count: 2) {
      guard pair.allSatisfy((0...1440).contains) else { throw JSONFault("'hours' are minutes of a day") }
      (start, end) = (pair[0], pair[1])
    }
    spacing = try reader.optionalInteger("spacing") ?? spacing
    try reader.end()
  }

  private static func numbers(_ value: JSON?, count: Int?) throws(JSONFault) -> [Int]? {
    guard let value else { return nil }
    guard case .array(let items) = value, count == nil || items.count == count else {
      throw JSONFault("a list of 'window' is not what it should be")
    }
    var numbers: [Int] = []
    for item in items {
      guard case .integer(let number) = item, (0...Int64(Int32.max)).contains(number) else {
        throw JSONFault("a list of 'window' holds no number")
      }
      numbers.append(Int(number))
    }
    return numbers
  }
}
