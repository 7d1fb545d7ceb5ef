/// Builds an object member by member, leaving out what is absent.
package struct ObjectBuilder {
  /// The members so far, in the order they were set.
  package private(set) var members: [JSON.Member] = []

  /// An object without members.
  package init() {}

  /// The object.
  package var json: JSON { .object(members) }

  /// Sets a member.
  package mutating func set(_ key: String, _ value: JSON) { members.append(JSON.Member(key, value)) }
  /// Sets text, when there is some.
  package mutating func set(_ key: String, _ text: String?) { if let text { set(key, .string(text)) } }
  /// Sets a number, when there is one.
  package mutating func set(_ key: String, _ number: Int?) {
    if let number { set(key, .integer(Int64(number))) }
  }
  /// Sets a number.
  package mutating func set(_ key: String, _ number: Int64) { set(key, .integer(number)) }
  /// `false` is the default everywhere and is left out.
  package mutating func set(_ key: String, _ flag: Bool) { if flag { set(key, .bool(true)) } }
  /// An empty list is the default everywhere and is left out.
  package mutating func set(_ key: String, _ list: [String]) {
    if !list.isEmpty { set(key, .array(list.map(JSON.string))) }
  }
}
