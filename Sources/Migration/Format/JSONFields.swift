import CanonicalJSON

extension ObjectBuilder {
  /// Sets a time, in milliseconds.
  mutating func set(_ key: String, _ time: Timestamp) { set(key, .integer(time.milliseconds)) }
  /// Sets an object's name, when there is one.
  mutating func set(_ key: String, _ object: ObjectID?) { if let object { set(key, .string(object.hex)) } }
}

extension ObjectReader {
  /// A time, in milliseconds since the epoch.
  /// A time, where there is one.
  mutating func optionalTimestamp(_ key: String) throws(JSONFault) -> Timestamp? {
    guard let value = optional(key) else { return nil }
    guard case .integer(let time) = value, time >= 0 else { throw JSONFault("'\(key)' is no time") }
    return Timestamp(milliseconds: time)
  }

  mutating func timestamp(_ key: String) throws(JSONFault) -> Timestamp {
    let value = try integer(key)
    guard value >= 0 else { throw JSONFault("'\(key)' of \(subject) is negative") }
    return Timestamp(milliseconds: Int64(value))
  }

  /// The name of an object.
  mutating func objectID(_ key: String) throws(JSONFault) -> ObjectID {
    guard let id = ObjectID(try string(key)) else { throw wrong(key, "an object id of 40 digits") }
    return id
  }

  /// The name of an object, when there is one.
  mutating func optionalObjectID(_ key: String) throws(JSONFault) -> ObjectID? {
    guard let text = try optionalString(key) else { return nil }
    guard let id = ObjectID(text) else { throw wrong(key, "an object id of 40 digits") }
    return id
  }
}
