import CanonicalJSON

/// An accepted event as the ledger keeps it: one line of canonical JSON (DESIGN §2).
public struct Entry: Equatable, Sendable {
  /// Its place in the chain; the first entry is 1.
  public var sequence: Int
  /// 128 random bits as 32 hexadecimal digits: tells our entry from an equal one of somebody else (I-3).
  public var nonce: String
  /// What happened.
  public var event: Event

  /// The longest entry, in bytes of its line (I-7).
  public static let maximumBytes = 64 << 10

  /// The version of the rules that the entry was accepted under.
  public var version: Int { event.version }

  /// Makes an entry.
  public init(sequence: Int, nonce: String, event: Event) {
    self.sequence = sequence
    self.nonce = nonce
    self.event = event
  }

  /// The entry as JSON; the plan of a start or an amendment is not in it.
  public var json: JSON {
    var object = ObjectBuilder()
    object.set("v", version)
    object.set("seq", sequence)
    object.set("migration", event.migration)
    object.set("kind", event.change.kindName)
    object.set("at", event.at)
    object.set("by", event.by)
    object.set("nonce", nonce)
    event.change.write(to: &object)
    for member in event.reserved { object.set(member.key, member.value) }
    return object.json
  }

  /// Reads an entry's line.
  ///
  /// Strict: the line must be canonical (the bytes that writing the entry again would give), of a known
  /// version and kind, and hold no member we do not know. `plan` brings the plan that lies beside the entry.
  public init(
    line: [UInt8], plan: (_ migration: String, _ number: Int) throws(JSONFault) -> Plan
  ) throws(EntryFault) {
    guard line.count <= Entry.maximumBytes else {
      throw .damaged("the entry is longer than \(Entry.maximumBytes) bytes")
    }
    let json: JSON
    do throws(JSONFault) { json = try JSON.parse(line) } catch { throw .damaged(error.description) }
    if case .integer(let version)? = json["v"], version > Int64(FormatVersion.newest) {
      throw .newer(version: Int(version))
    }
    do throws(JSONFault) { self = try Entry(json: json, plan: plan) } catch {
      throw .damaged(error.description)
    }
    guard self.json.canonicalBytes == line else { throw .damaged("the entry is not in canonical form") }
  }

  private init(
    json: JSON, plan: (_ migration: String, _ number: Int) throws(JSONFault) -> Plan
  ) throws(JSONFault) {
    var reader = try ObjectReader(json, "the entry")
    let version = try reader.integer("v")
    guard FormatVersion.known.contains(version) else { throw JSONFault("there is no version \(version)") }
    sequence = try reader.integer("seq")
    nonce = try reader.string("nonce")
    guard nonce.utf8.count == 32, nonce.utf8.allSatisfy(isLowerHex) else {
      throw JSONFault("the nonce is not 32 hexadecimal digits")
    }
    let migration = try reader.string("migration")
    let at = try reader.timestamp("at")
    let by = try reader.string("by")
    let word = try reader.string("kind")
    let change: Change
    var reserved: [JSON.Member] = []
    if version >= 2, let kind = ReservedKind(rawValue: word) {
      change = .reserved(Reserved(kind, try reader.members(kind.forms)))
    } else if let kind = Change.Kind(rawValue: word), kind != .reserved,
      version >= kind.since
    {
      change = try Change(kind, from: &reader) { (number) throws(JSONFault) in
        try plan(migration, number)
      }
      if version >= 2 { reserved = try reader.members(ReservedMembers.forms(kind)) }
    } else {
      throw JSONFault("'kind' of the entry is not a known word, but '\(word)'")
    }
    try reader.end()
    event = Event(migration: migration, at: at, by: by, change: change, version: version, reserved: reserved)
  }
}

/// Why an entry cannot be used.
public enum EntryFault: Error, Equatable, Sendable {
  /// A newer version wrote it: it may be read as text, and nothing may be written after it.
  case newer(version: Int)
  /// It is not an entry; the sentence says why.
  case damaged(String)
}
