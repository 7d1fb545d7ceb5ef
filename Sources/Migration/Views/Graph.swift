/// The dependency graph of a plan, by step index. Derived, never stored.
public struct Graph: Equatable, Sendable {
  /// The index of each id.
  public let index: [String: Int]
  /// The indices each step needs.
  public let needs: [[Int]]
  /// The indices that need each step.
  public let dependents: [[Int]]
  /// How many steps the longest path from each step to the end has, itself included: longest goes first.
  public let remaining: [Int]
  /// The indices so that every step stands after its needs; shorter than the plan when there is a cycle.
  public let topologicalOrder: [Int]

  /// Builds the graph; needs that name no step are left out, `cycle` tells whether it has one.
  public init(_ steps: [PlannedStep]) {
    var index: [String: Int] = [:]
    index.reserveCapacity(steps.count)
    // By position: a loop over the steps themselves copies each of them.
    for position in steps.indices { index[steps[position].id] = position }
    var needs: [[Int]] = []
    needs.reserveCapacity(steps.count)
    var dependents = [[Int]](repeating: [], count: steps.count)
    for position in steps.indices {
      let found = steps[position].needs.compactMap { index[$0] }
      needs.append(found)
      for need in found { dependents[need].append(position) }
    }
    self.index = index
    self.needs = needs
    self.dependents = dependents
    let order = Graph.topologicalOrder(needs: needs, dependents: dependents)
    var remaining = [Int](repeating: 1, count: steps.count)
    for position in order.reversed() {
      remaining[position] = 1 + (dependents[position].map { remaining[$0] }.max() ?? 0)
    }
    self.remaining = remaining
    topologicalOrder = order
  }

  /// The layer of each step: 0 for one without needs, else one more than the highest of its needs.
  public var layers: [Int] {
    var layers = [Int](repeating: 0, count: needs.count)
    for position in topologicalOrder {
      layers[position] = needs[position].reduce(0) { max($0, layers[$1] + 1) }
    }
    return layers
  }

  private static func topologicalOrder(needs: [[Int]], dependents: [[Int]]) -> [Int] {
    var open = needs.map(\.count)
    var order = open.indices.filter { open[$0] == 0 }
    var next = 0
    while next < order.count {
      for dependent in dependents[order[next]] {
        open[dependent] -= 1
        if open[dependent] == 0 { order.append(dependent) }
      }
      next += 1
    }
    return order
  }
}
