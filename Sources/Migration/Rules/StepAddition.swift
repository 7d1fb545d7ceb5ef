import CanonicalJSON

/// A step that a run adds because the moved base and the integration branch conflict: an agent puts the two
/// together.
public struct StepAddition: Equatable, Sendable {
  /// The step's id: `refresh-` and the first ten digits of `base`.
  public var step: String
  /// The commit of the base that the step takes in.
  public var base: ObjectID
  /// The paths in conflict when it was added, for people; at most `maximumPaths`, one more line says how many
  /// there are besides.
  public var paths: [String]

  /// How many paths are named.
  public static let maximumPaths = 20

  /// Makes an addition; paths beyond the limit are counted only.
  public init(step: String, base: ObjectID, paths: [String]) {
    self.step = step
    self.base = base
    let more = paths.count - Self.maximumPaths
    self.paths = more > 1 ? paths.prefix(Self.maximumPaths) + ["… \(more) more"] : paths
  }

  func write(to object: inout ObjectBuilder) {
    object.set("base", base)
    object.set("paths", paths)
  }

  init(step: String, from object: inout ObjectReader) throws(JSONFault) {
    self.step = step
    base = try object.objectID("base")
    paths = try object.strings("paths")
  }
}

extension MigrationState {
  /// The id of the step that would take that commit of the base in.
  public func resolutionID(of base: ObjectID) -> String {
    let name = "refresh-\(base.hex.prefix(10))"
    var (id, number) = (name, 1)
    // Ids are compared without their case, like file names of some machines.
    let taken = Set(plan.steps.lazy.map { $0.id.lowercased() }.filter { $0.hasPrefix(name) })
    while taken.contains(id) {
      number += 1
      id = "\(name)-\(number)"
    }
    return id
  }

  /// The commit of the base that the step takes in; `nil` for a step of the plan.
  public func base(takenInBy step: String) -> ObjectID? {
    index(of: step).flatMap { plan.steps[$0].resolves }
  }

  /// The step that takes a conflicting base in and is not done; there is one at most.
  public var openResolution: Step? {
    // Added steps stand behind those of the plan's file.
    steps.indices.suffix(keptCount).first { plan.steps[$0].resolves != nil && !steps[$0].phase.isTerminal }
      .map { steps[$0] }
  }
}

/// The rules of a base that conflicts.
extension Reducer {
  mutating func addStep(_ addition: StepAddition) throws(Refusal) {
    try requireRunning()
    guard migration.plan.agent != nil, migration.plan.refreshSeconds != nil else {
      throw Refusal(.invalid, "the plan of '\(migration.name)' has no agent that takes in a moved base")
    }
    if let step = migration.plan.steps.first(where: { $0.resolves == addition.base }) {
      throw Refusal(.wrongPhase, "'\(step.id)' was added for the base \(addition.base.short) already")
    }
    if let step = migration.openResolution {
      throw Refusal(.wrongPhase, "'\(step.id)' takes in the base and is \(step.phase.word)")
    }
    guard addition.step == migration.resolutionID(of: addition.base) else {
      throw Refusal(.invalid, "a step that takes in the base is called after its commit")
    }
    guard addition.paths.count <= StepAddition.maximumPaths + 1 else {
      throw Refusal(.invalid, "an added step names too many paths")
    }
    guard migration.steps.count < Plan.stepLimit else { throw Refusal(.invalid, "the plan is full") }
    let title = "Merge \(migration.base) \(addition.base.short) into \(migration.into)"
    // The longer it waits, the more there is to be put together.
    let priority = migration.plan.steps.lazy.map(\.priority).max() ?? 0
    var step = PlannedStep(id: addition.step, title: title, priority: priority)
    step.resolves = addition.base
    migration.plan.steps.append(step)
    add(Step(id: step.id, phase: .ready))
  }
}
