import CanonicalJSON

/// What was learnt from failures, for every migration of the ledger.
public enum LessonChange: Equatable, Sendable {
  /// A person wrote a lesson.
  case added(Lesson)
  /// A person took one away.
  case removed(lesson: String)

  /// The version of the format from which on lessons are known.
  public static let version = 2

  /// The kinds, as the ledger writes them.
  public enum Kind: String, CaseIterable, Sendable {
    case added = "lesson.added"
    case removed = "lesson.removed"
  }

  var kind: Kind {
    switch self {
    case .added: .added
    case .removed: .removed
    }
  }

  func write(to object: inout ObjectBuilder) {
    switch self {
    case .added(let lesson): lesson.write(to: &object)
    case .removed(let lesson): object.set("lesson", lesson)
    }
  }

  init(_ kind: Kind, from object: inout ObjectReader) throws(JSONFault) {
    switch kind {
    case .added: self = .added(try Lesson(from: &object))
    case .removed: self = .removed(lesson: try object.string("lesson"))
    }
  }

  /// What is said of it to people.
  func words(by author: String) -> String {
    switch self {
    case .added(let lesson): "lesson \(lesson.id) by \(author): \(lesson.text)"
    case .removed(let lesson): "lesson \(lesson) removed by \(author)"
    }
  }

  func mappingTexts(_ redact: (String) -> String) -> LessonChange {
    switch self {
    case .added(var lesson):
      lesson.text = redact(lesson.text)
      return .added(lesson)
    case .removed: return self
    }
  }
}

extension Change {
  /// A person wrote a lesson.
  public static func lessonAdded(_ lesson: Lesson) -> Change { .lesson(.added(lesson)) }

  /// A person took a lesson away.
  public static func lessonRemoved(_ lesson: String) -> Change { .lesson(.removed(lesson: lesson)) }
}
