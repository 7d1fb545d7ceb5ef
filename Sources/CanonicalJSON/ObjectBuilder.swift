/// Builds an object member by member, leaving out what is absent.
package struct ObjectBuilder {
  package private(set) var members: [JSON.Member] = []

  /// An object without members.
  package init() {}

  package var json: JSON { .object(members) }

  package mutating func set(_ key: String, _ value: JSON) { members.append(JSON.Member(key, value)) }
  package mutating func set(_ key: String, _ text: String?) { if let text { set(key, .string(text)) } }
  package mutating func set(_ key: String, _ number: Int?) {
    if let number { set(key, .integer(Int64(number))) }
  }
  package mutating func set(_ key: String, _ number: Int64) { set(key, .integer(number)) }
  /// `false` is the default everywhere and is left out.
  package mutating func set(_ key: String, _ flag: Bool) { if flag { set(key, .bool(true)) } }
  /// An empty list is the default everywhere and is left out.
  package mutating func set(_ key: String, _ list: [String]) {
    if !list.isEmpty { set(key, .array(list.map(JSON.string))) }
  }
}
