import CanonicalJSON

/// Something that an entry says by members among others, and a state by an object of these alone.
protocol MemberWritten {
  /// What an error calls such an object.
  static var subject: String { get }
  func write(to object: inout ObjectBuilder)
  init(from object: inout ObjectReader) throws(JSONFault)
}

extension MemberWritten {
  /// The object.
  var json: JSON {
    var object = ObjectBuilder()
    write(to: &object)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, Self.subject)
    try self.init(from: &reader)
    try reader.end()
  }
}

extension Lesson: MemberWritten { static var subject: String { "a lesson" } }
extension TrialStart: MemberWritten { static var subject: String { "a trial" } }
extension PublisherClaim: MemberWritten { static var subject: String { "a publisher" } }
extension NotifierClaim: MemberWritten { static var subject: String { "a notifier" } }
extension Refresh: MemberWritten { static var subject: String { "a refresh" } }
extension BaselineClaim: MemberWritten { static var subject: String { "a claim of the base" } }
