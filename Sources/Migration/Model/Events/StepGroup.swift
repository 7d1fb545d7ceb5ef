import CanonicalJSON

/// Several steps of which one entry speaks, so that 500 retries are not 500 pushes.
public struct StepGroup: Equatable, Sendable {
  /// The steps, each once; the entry is under the name of the first.
  public var steps: [String]
  /// The cause of failures that they were chosen by, by its fingerprint.
  public var cause: String?

  /// The version of the format from which on there are groups.
  static let version = 2
  /// How many bytes the names of a group's steps may have together, so that they fit into an entry.
  static let room = 40 << 10

  /// Makes a group.
  public init(_ steps: [String], cause: String? = nil) {
    (self.steps, self.cause) = (steps, cause)
  }

  /// The steps as groups that each fit into an entry.
  public static func groups(of steps: [String], cause: String? = nil) -> [StepGroup] {
    var groups: [StepGroup] = []
    var size = 0
    for step in steps {
      size += step.utf8.count + 3
      if groups.isEmpty || size > room {
        groups.append(StepGroup([], cause: cause))
        size = step.utf8.count + 3
      }
      groups[groups.count - 1].steps.append(step)
    }
    return groups
  }

  /// `S1 and 11 more`.
  var words: String {
    let first = steps.first ?? ""
    return steps.count > 1 ? "\(first) and \(steps.count - 1) more" : first
  }

  func write(to object: inout ObjectBuilder) {
    object.set("steps", steps)
    object.set("cause", cause)
  }

  static func optional(of step: String, from object: inout ObjectReader) throws(JSONFault) -> StepGroup? {
    let steps = try object.strings("steps")
    let cause = try object.optionalString("cause")
    if steps.isEmpty, cause == nil { return nil }
    guard steps.first == step, Set(steps).count == steps.count else {
      throw JSONFault("the steps of a group are not what they should be")
    }
    return StepGroup(steps, cause: cause)
  }
}
