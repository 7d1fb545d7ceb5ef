import Migration

/// What one seed may meet: each seed draws which faults there are at all, and how often. Runs in which
/// everything goes wrong at once find less than runs in which some things go wrong often.
///
/// Rates are out of a thousand.
struct Swarm {
  var machines: Int
  var workers: Int
  var steps: Int
  /// Whether all processes say the same name of themselves, as one person on several machines does.
  var shareName: Bool
  // The ledger.
  var busy: Int
  var unknownApplied: Int
  var unknownLost: Int
  /// A second process appends between our reading and our move.
  var interleave: Int
  // Processes and clocks.
  var pause: Int
  var crash: Int
  var reboot: Int
  var clockJump: Int
  var isSkewed: Bool
  var isDrifting: Bool
  // Work.
  var agentFails: Int
  var agentHangs: Int
  var candidateConflicts: Int
  var treeFails: Int
  var verifierBreaks: Int
  var gateIsSlow: Int
  var noChange: Int
  // People.
  var human: Int
  var lease: Int

  init(_ random: inout SplitMix64) {
    machines = random.in(2...5)
    workers = random.in(1...4)
    steps = random.in(5...60)
    shareName = random.happens(300)
    func rate(_ most: Int) -> Int { random.happens(500) ? 1 + random.below(most) : 0 }
    busy = rate(60)
    unknownApplied = rate(60)
    unknownLost = rate(60)
    interleave = rate(400)
    pause = rate(25)
    crash = rate(15)
    reboot = rate(5)
    clockJump = rate(10)
    isSkewed = random.happens(500)
    isDrifting = random.happens(500)
    agentFails = rate(200)
    agentHangs = rate(60)
    candidateConflicts = rate(100)
    treeFails = rate(150)
    verifierBreaks = rate(80)
    gateIsSlow = rate(80)
    noChange = rate(100)
    human = rate(30)
    lease = [60, 120, 300, 1200][random.below(4)]
  }

  /// Faults stop: what is left is time, and work that succeeds.
  mutating func calm() {
    (busy, unknownApplied, unknownLost, interleave) = (0, 0, 0, 0)
    (pause, crash, reboot, clockJump) = (0, 0, 0, 0)
    (agentHangs, candidateConflicts, verifierBreaks, gateIsSlow, human) = (0, 0, 0, 0, 0)
    agentFails = min(agentFails, 50)
  }

  /// A plan whose needs form a random graph without cycles.
  func plan(_ random: inout SplitMix64, count: Int, number: Int) -> Plan {
    var planned: [PlannedStep] = []
    planned.reserveCapacity(count)
    let density = random.in(0...3)
    for index in 0..<count {
      var needs: [String] = []
      if index > 0 {
        for _ in 0..<density where random.happens(500) {
          let need = stepName(random.below(index))
          if !needs.contains(need) { needs.append(need) }
        }
      }
      planned.append(
        PlannedStep(
          id: stepName(index), needs: needs, lock: random.happens(80) ? "lock" : nil,
          uses: random.happens(80) ? ["build"] : [], priority: random.below(3),
          run: random.happens(300) ? "sed" : nil))
    }
    return Plan(
      migration: "m", attempts: random.in(1...4), leaseSeconds: lease,
      backoff: Plan.Backoff(initialSeconds: random.happens(400) ? 0 : 10, maximumSeconds: 300),
      agent: Plan.Agent(command: "agent", maxConcurrent: random.happens(300) ? random.in(1...4) : nil),
      resources: [Plan.Resource(name: "build", capacity: random.in(1...2))],
      gate: Plan.Gate(verifiers: [Plan.Verifier(name: "test", run: number % 2 == 0 ? "make" : "make test")]),
      steps: planned)
  }
}

/// The id of a step by its number.
func stepName(_ number: Int) -> String { "S\(number)" }

/// The number of a step by its id.
func stepNumber(_ id: String) -> Int {
  var number = 0
  for byte in id.utf8.dropFirst() { number = number * 10 + Int(byte) - 48 }
  return number
}

/// The name of the object of that number: it stands in the first ten digits.
func object(_ number: Int) -> ObjectID {
  let digits = String(number, radix: 16)
  let text = String(repeating: "0", count: 10 - digits.count) + digits + "000000000000000000000000000000"
  guard let id = ObjectID(text) else { fatalError("BUG: \(number) is no object's number") }
  return id
}

/// The number of an object.
func number(_ id: ObjectID) -> Int {
  var number = 0
  for byte in id.hex.utf8.prefix(10) { number = number << 4 | Int(byte < 58 ? byte - 48 : byte - 87) }
  return number
}
