import CanonicalJSON

/// A step that a worker proposes.
public struct StepProposal: Equatable, Sendable {
  /// A line for people.
  public var title: String
  /// The prompt, as it is: no template.
  public var prompt: String
  /// The ids of the steps that must be done first.
  public var needs: [String]
  /// Globs of the paths that it may change.
  public var paths: [String]
  /// The step whose worker proposes it.
  public var from: String

  /// How many may wait for a person at once, and how long title and prompt may be, in bytes.
  public static let (most, titleLength, promptLength) = (200, 200, 16 << 10)

  /// Makes a proposal.
  public init(title: String, prompt: String, needs: [String] = [], paths: [String] = [], from: String) {
    (self.title, self.prompt, self.needs) = (title, prompt, needs)
    (self.paths, self.from) = (paths, from)
  }

  /// Why it cannot be one, or `nil`.
  public func fault(_ id: String) -> String? {
    if let fault = Identifier.stepFault(id) { return "the proposed step id '\(id)' \(fault)" }
    if title.isEmpty || title.utf8.count > StepProposal.titleLength || title.contains(where: \.isNewline) {
      return "the title of a proposed step is one line of at most \(StepProposal.titleLength) bytes"
    }
    if prompt.utf8.count > StepProposal.promptLength {
      return "the prompt of a proposed step has more than \(StepProposal.promptLength) bytes"
    }
    if needs.count > 100 || paths.count > 100 { return "a proposed step names at most 100 needs and paths" }
    for path in paths where PathGlob(path) == nil { return "'\(path)' is no glob" }
    return nil
  }

  /// The step that it becomes: without a worker's prompt the plan's.
  func step(_ id: String) -> PlannedStep {
    var step = PlannedStep(id: id, title: title, needs: needs, paths: paths)
    // Nothing in it is a name of a template.
    if !prompt.isEmpty { step.prompt = prompt.replacing("{{", with: "{ {") }
    step.isAdded = true
    return step
  }

  func write(to object: inout ObjectBuilder) {
    object.set("title", title)
    object.set("prompt", prompt)
    object.set("needs", needs)
    object.set("paths", paths)
    object.set("from", from)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init(
      title: try object.string("title"), prompt: try object.string("prompt"),
      needs: try object.strings("needs"), paths: try object.strings("paths"), from: try object.string("from"))
  }
}
