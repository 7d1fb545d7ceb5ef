import CanonicalJSON

/// What is known of a fleet beside its migrations.
public struct FleetState: Equatable, Sendable {
  /// Its name.
  public var name: String
  /// The last wave that was opened; 0 before the first.
  public var wave = 0
  /// Why nothing more begins in it, or `nil`.
  public var stop: String?
  /// How many targets had failed when it was opened last: they stop it no second time.
  public var forgiven = 0
  /// The fingerprints of the causes that its steps failed for, in the order in which they came up: their
  /// place is the number that people use.
  public var causes: [String] = []

  /// How many causes have a number.
  public static let mostCauses = 10_000

  /// Makes one of which nothing was opened.
  public init(name: String) { self.name = name }
}

/// The fleets, by the order of their first entry.
public struct FleetBook: Equatable, Sendable {
  /// All that is known.
  public private(set) var list: [FleetState] = []

  /// None is known.
  public init() {}

  /// A fleet by its name; one that nothing was said of is as new.
  public subscript(name: String) -> FleetState {
    list.first { $0.name == name } ?? FleetState(name: name)
  }

  mutating func update(_ name: String, _ body: (inout FleetState) -> Void) {
    let index = list.firstIndex { $0.name == name } ?? list.endIndex
    if index == list.endIndex { list.append(FleetState(name: name)) }
    body(&list[index])
  }

  mutating func note(cause: String, in fleet: String) {
    update(fleet) { state in
      guard state.causes.count < FleetState.mostCauses, !state.causes.contains(cause) else { return }
      state.causes.append(cause)
    }
  }

  var json: JSON {
    .array(
      list.map { state in
        var object = ObjectBuilder()
        object.set("name", state.name)
        object.set("wave", state.wave)
        object.set("stop", state.stop)
        if state.forgiven > 0 { object.set("forgiven", state.forgiven) }
        object.set("causes", state.causes)
        return object.json
      })
  }

  init(items: [JSON]) throws(JSONFault) {
    for item in items {
      var reader = try ObjectReader(item, "a fleet")
      var state = FleetState(name: try reader.string("name"))
      (state.wave, state.stop) = (try reader.counter("wave"), try reader.optionalString("stop"))
      state.forgiven = try reader.optionalInteger("forgiven") ?? 0
      state.causes = try reader.strings("causes")
      try reader.end()
      list.append(state)
    }
  }
}
