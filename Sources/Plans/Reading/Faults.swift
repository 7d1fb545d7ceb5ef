/// Collects the faults of a plan file while reading goes on: a person mends all of them at once.
final class Faults {
  private(set) var list: [PlanFault] = []
  /// Where something else stands than was meant, so that nothing else that is wrong there says anything.
  private var void: Set<[Int]> = []

  /// How many are looked for: more would be read by nobody, and each costs time.
  static let limit = 50

  var isEmpty: Bool { list.isEmpty }
  /// Whether there are so many that looking on is in vain.
  var isFull: Bool { list.count >= Self.limit }

  func add(_ fault: PlanFault) {
    var alone = fault
    alone.others = []
    for found in [alone] + fault.others where !list.contains(found) && !void.contains(found.place) {
      list.append(found)
    }
  }

  /// Adds a fault that makes void what else is wrong at its place.
  func add(voiding fault: PlanFault) {
    add(fault)
    void.insert(fault.place)
  }

  /// Adds faults that a later look has found, but where something else was found wrong already.
  func addFurther(_ faults: [PlanFault]) {
    let places = Set(list.map(\.place))
    for fault in faults where !places.contains(fault.place) { add(fault) }
  }

  /// The value, or `nil` when there is a fault, which is kept.
  func collect<Value>(_ value: @autoclosure () throws(PlanFault) -> Value) -> Value? {
    do throws(PlanFault) {
      return try value()
    } catch {
      add(error)
      return nil
    }
  }

  /// The value, or `nil` when there is none or a fault, which is kept.
  func found<Value>(_ value: @autoclosure () throws(PlanFault) -> Value?) -> Value? {
    do throws(PlanFault) {
      return try value()
    } catch {
      add(error)
      return nil
    }
  }

  /// Keeps what `body` finds wrong.
  func collect(_ body: () throws(PlanFault) -> Void) {
    do throws(PlanFault) { try body() } catch { add(error) }
  }

  /// Throws the first fault in the order of the file, with the others in it; nothing when there is none. What
  /// is said of the whole, which begins at `top`, comes last: that something is missing has no better place.
  func end(top: Mark? = nil) throws(PlanFault) {
    func place(_ fault: PlanFault) -> (Int, Int, Int) {
      (fault.line == top?.line && fault.column == top?.column ? 1 : 0, fault.line, fault.column)
    }
    let sorted = list.enumerated().sorted { left, right in
      let (one, other) = (place(left.element), place(right.element))
      return one == other ? left.offset < right.offset : one < other
    }
    guard var first = sorted.first?.element else { return }
    first.others = sorted.dropFirst().prefix(Self.limit - 1).map(\.element)
    throw first
  }
}
