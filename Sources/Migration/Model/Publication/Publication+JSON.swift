import CanonicalJSON

extension PublicationBook {
  var json: JSON {
    var object = ObjectBuilder()
    if let publisher { object.set("publisher", publisher.json) }
    if !list.isEmpty { object.set("units", .array(list.map(\.json))) }
    object.set("approved", approved)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "what is published")
    self.init()
    if let value = reader.optional("publisher") { publisher = try PublisherClaim(json: value) }
    if reader.has("units") {
      for item in try reader.array("units") { list.append(try Publication(json: item)) }
    }
    approved = try reader.strings("approved")
    try reader.end()
  }
}

extension PublisherClaim {
  func write(to object: inout ObjectBuilder) {
    object.set("holder", holder)
    object.set("owner", owner.json)
    object.set("expires_at", expiresAt)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init(
      holder: try object.string("holder"), owner: try Owner(json: try object.required("owner")),
      expiresAt: try object.timestamp("expires_at"))
  }
}

extension BranchIntent {
  func write(to object: inout ObjectBuilder) {
    object.set("old", old)
    object.set("new", new)
    PublisherClaim(holder: holder, owner: owner, expiresAt: expiresAt).write(to: &object)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    let (old, new) = (try object.optionalObjectID("old"), try object.objectID("new"))
    let claim = try PublisherClaim(from: &object)
    self.init(old: old, new: new, holder: claim.holder, owner: claim.owner, expiresAt: claim.expiresAt)
  }
}

extension Publication {
  var json: JSON {
    var object = ObjectBuilder()
    object.set("unit", unit)
    object.set("steps", steps)
    if let intent {
      var inner = ObjectBuilder()
      intent.write(to: &inner)
      object.set("intent", inner.json)
    }
    object.set("head", head)
    object.set("people", handedOver)
    if let request {
      object.set("forge", request.forge)
      object.set("number", request.number)
      object.set("url", request.url)
      object.set("at", request.at)
      object.set("draft", request.isDraft)
    }
    if let seen {
      var inner = ObjectBuilder()
      seen.write(to: &inner)
      object.set("seen", inner.json)
    }
    switch end {
    case .merged(let commit): object.set("merged", commit)
    case .closed(let reason): object.set("closed", reason)
    case nil: break
    }
    if fixes > 0 { object.set("fixes", fixes) }
    object.set("told", told)
    object.set("behind", isBehind)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "a publication")
    self.init(unit: try reader.string("unit"))
    steps = try reader.strings("steps")
    if let value = reader.optional("intent") {
      var inner = try ObjectReader(value, "an intent")
      intent = try BranchIntent(from: &inner)
      try inner.end()
    }
    head = try reader.optionalObjectID("head")
    handedOver = try reader.optionalString("people")
    if let forge = try reader.optionalString("forge") {
      request = Request(
        forge: forge, number: try reader.counter("number"), url: try reader.optionalString("url"),
        at: try reader.timestamp("at"))
      request?.isDraft = try reader.flag("draft")
    }
    if let value = reader.optional("seen") {
      var inner = try ObjectReader(value, "what a forge said")
      seen = try PublicationSight(from: &inner)
      try inner.end()
    }
    if let commit = try reader.optionalObjectID("merged") { end = .merged(commit) }
    if let reason = try reader.optionalString("closed") { end = .closed(reason: reason) }
    fixes = try reader.optionalInteger("fixes") ?? 0
    told = try reader.strings("told")
    isBehind = try reader.flag("behind")
    try reader.end()
  }
}

extension PublicationSight {
  func write(to object: inout ObjectBuilder) {
    object.set("state", state)
    object.set("head", head)
    object.set("checks", checks?.rawValue)
    object.set("review", review?.rawValue)
    object.set("conflicts", conflicts)
    object.set("failures", failures)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init(state: try object.string("state"), head: try object.optionalObjectID("head"))
    if object.has("checks") { checks = try object.word("checks", as: Checks.self) }
    if object.has("review") { review = try object.word("review", as: Review.self) }
    conflicts = try object.flag("conflicts")
    failures = try object.strings("failures")
  }
}
