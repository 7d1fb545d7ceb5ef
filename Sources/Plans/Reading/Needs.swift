import Migration

/// A glob over step ids, with `*` and `?`.
struct NeedGlob {
  private let pattern: [UInt8]

  init(_ pattern: String) { self.pattern = Array(pattern.utf8) }

  static func isGlob(_ need: String) -> Bool {
    need.utf8.contains(UInt8(ascii: "*")) || need.utf8.contains(UInt8(ascii: "?"))
  }

  /// Whether the glob matches the whole id. Going back only to the last star keeps it from exponential time.
  func matches(_ id: String) -> Bool {
    let text = Array(id.utf8)
    var (at, inside) = (0, 0)
    var star: (at: Int, inside: Int)?
    while inside < text.count {
      if at < pattern.count, pattern[at] == UInt8(ascii: "*") {
        star = (at, inside)
        at += 1
      } else if at < pattern.count, pattern[at] == UInt8(ascii: "?") || pattern[at] == text[inside] {
        at += 1
        inside += 1
      } else if let last = star {
        star = (last.at, last.inside + 1)
        at = last.at + 1
        inside = last.inside + 1
      } else {
        return false
      }
    }
    return pattern[at...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}

/// The id of a step that could not be made: what may be meant by it is needed by others without fault.
struct UnmadeID {
  private let text: String
  /// What stands before the first value of a match; `nil` for a step without `for:`.
  private let start: String?

  init(_ entry: StepEntry) {
    text = entry.id.value
    let start = text.utf8.prefix { $0 != UInt8(ascii: "{") }.drop { byte in
      // As `Slug.id` does.
      !(0x30...0x39).contains(byte) && !(0x61...0x7A).contains(byte | 0x20)
    }
    self.start = entry.isPlain ? nil : String(decoding: start, as: UTF8.self)
  }

  /// Whether a need may be this step.
  func mayBeMeant(by need: String) -> Bool {
    let isGlob = NeedGlob.isGlob(need)
    guard let start else {
      if isGlob { return NeedGlob(need).matches(text) || NeedGlob(need).matches(Slug.piece(text)) }
      let names = [text.lowercased(), Slug.piece(text).lowercased()]
      return names.contains(need.lowercased())
        || Suggestion.nearest(to: need.lowercased(), among: names) != nil
    }
    let wanted = need.utf8.prefix { $0 != UInt8(ascii: "*") && $0 != UInt8(ascii: "?") }
    return wanted.starts(with: start.utf8) || isGlob && start.utf8.starts(with: wanted)
  }
}

/// Turns what steps say they need into ids, and finds what is wrong with the graph.
struct NeedResolver {
  /// The most different globs: each is compared with every id.
  private static let maximumGlobs = 1_000

  private let ids: [String]
  private let positions: [String: Int]
  private var globs: [String: [String]] = [:]
  private var count = 0
  private let unmade: [UnmadeID]

  init(ids: [String], unmade: [UnmadeID] = []) {
    (self.ids, self.unmade) = (ids, unmade)
    positions = Dictionary(ids.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The ids that one step needs, each once, in the order given; without those that are faults.
  mutating func resolve(
    _ needs: [Text], of id: String, _ faults: Faults
  ) -> [(id: String, mark: Mark)] {
    var resolved: [(id: String, mark: Mark)] = []
    var seen: Set<String> = []
    for need in needs {
      do throws(PlanFault) {
        try add(need, of: id, to: &resolved, &seen)
      } catch {
        faults.add(error)
        if faults.isFull || count + resolved.count > Bounds.needs { break }
      }
    }
    count += resolved.count
    return resolved
  }

  private mutating func add(
    _ need: Text, of id: String, to resolved: inout [(id: String, mark: Mark)], _ seen: inout Set<String>
  ) throws(PlanFault) {
    if need.value == id {
      throw need.mark.fault("the step \(quoted(id)) needs itself", hint: "take it out of 'needs'")
    }
    for name in try names(need) where name != id && seen.insert(name).inserted {
      resolved.append((name, need.mark))
    }
    guard count + resolved.count <= Bounds.needs else {
      throw need.mark.fault(
        "the steps have more than \(Bounds.needs) needs in all",
        hint: "put a step in between that needs them all, and need that one")
    }
  }

  private mutating func names(_ need: Text) throws(PlanFault) -> [String] {
    if !NeedGlob.isGlob(need.value) {
      if positions[need.value] != nil { return [need.value] }
      if unmade.contains(where: { $0.mayBeMeant(by: need.value) }) { return [] }
      let near = Suggestion.nearest(to: need.value, among: Array(ids.prefix(1_000)))
      throw need.mark.fault(
        "no step has the id \(quoted(need.value))",
        hint: near.map { "did you mean '\($0)'?" } ?? "add the step, or take it out of 'needs'")
    }
    if let known = globs[need.value] { return known }
    guard globs.count < Self.maximumGlobs else {
      throw need.mark.fault("'needs' holds more than \(Self.maximumGlobs) different globs")
    }
    let glob = NeedGlob(need.value)
    let matching = ids.filter(glob.matches)
    if matching.isEmpty, !unmade.contains(where: { $0.mayBeMeant(by: need.value) }) {
      throw need.mark.fault(
        "no step id matches \(quoted(need.value))", hint: "globs match whole ids, with '*' and '?'")
    }
    globs[need.value] = matching
    return matching
  }

  /// The ids around cycles, the first again at the end: one for each need that closes one, so that there is
  /// none without these needs. What stands in one place (`marks`) is one need, however many steps it is in.
  static func cycles(
    in steps: [PlannedStep], _ marks: [[Mark]] = [], atMost limit: Int = 1
  ) -> [[String]] {
    let positions = Dictionary(
      steps.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    let needs = steps.map { $0.needs.compactMap { positions[$0] } }
    var (rings, told): ([[String]], Set<[Int]>) = ([], [])
    // 0 is new, 1 is on the way, 2 is done. The way is kept here, not on the stack: a chain may be 10⁵ long.
    var colors = [UInt8](repeating: 0, count: steps.count)
    for start in steps.indices where colors[start] == 0 {
      var way = [(step: start, next: 0)]
      colors[start] = 1
      while let (step, next) = way.popLast() {
        guard next < needs[step].count else {
          colors[step] = 2
          continue
        }
        way.append((step, next + 1))
        let need = needs[step][next]
        if colors[need] == 1 {
          if step < marks.count, next < marks[step].count {
            let mark = marks[step][next]
            guard told.insert([mark.line, mark.column]).inserted else { continue }
          }
          let ring = way.map(\.step).drop { $0 != need }
          rings.append((ring + [need]).map { steps[$0].id })
          if rings.count == limit { return rings }
        }
        if colors[need] == 0 {
          colors[need] = 1
          way.append((need, 0))
        }
      }
    }
    return rings
  }
}
