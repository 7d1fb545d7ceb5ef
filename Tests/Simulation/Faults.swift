import Draws

/// What may go wrong in one seed: a swarm, so that every seed draws its own faults and its own rates
/// (INVARIANTS C.2).
struct Faults {
  /// A process dies at a point at which it touches the world.
  var crash = Rate.never
  /// A process stops there for up to ten leases while the others go on.
  var pause = Rate.never
  /// The ref's lock is held.
  var busy = Rate.never
  /// The swap ends in an error: sometimes after it happened, sometimes before.
  var unknown = Rate.never
  /// A move of the branch is denied without good reason, or its answer is lost.
  var denied = Rate.never
  /// Somebody has changes where the branch is checked out.
  var obstacle = Rate.never
  /// A worktree cannot be made.
  var setup = Rate.never
  /// What an attempt left cannot be kept.
  var collect = Rate.never
  /// A person does something.
  var person = Rate.never
  /// A verifier says no to what is good.
  var flaky = Rate.never
  /// A verifier cannot be run.
  var noVerdict = Rate.never
  /// A program that workers or verifiers need goes away for a while.
  var noProgram = Rate.never
  /// Wrong clocks.
  var skew = Rate.never
  /// Clocks that jump.
  var jump = Rate.never
  /// A worker outside of any run claims a step.
  var outsider = Rate.never
  /// Something takes its time on the way to the server or back.
  var delay = Rate.never
  /// It never gets there.
  var drop = Rate.never
  /// The server's answer is lost.
  var cut = Rate.never
  /// A push gets there after everybody has given up.
  var late = Rate.never
  /// The server is killed while it moves the refs of a push.
  var torn = Rate.never
  /// The server says no.
  var refused = Rate.never
  /// Who appends finds the queue of its clone taken at first.
  var left = Rate.never
  /// A ref's lock is held on the server.
  var locked = Rate.never
  /// A clone, or all of them, are cut off from the server for a while.
  var partition = Rate.never
  /// A new plan is somebody else's: nobody has approved it yet where runs are at work.
  var foreignPlan = Rate.never
  /// A worker leaves a worktree that can neither be taken nor cleaned.
  var litter = Rate.never
  /// What a worker left cannot be moved away either.
  var stuckSlot = Rate.never
  /// Who dies with the branch locked leaves the lock.
  var leftLock = Rate.never
  /// A worker ends a stage with a word that the plan has not got.
  var oddWord = Rate.never
  /// A judge cannot be asked, or says nothing that is an answer.
  var noJudge = Rate.never
  /// A message does not reach anybody.
  var noMessage = Rate.never
  /// Somebody commits on the branch past the gate and past the hooks.
  var foreignCommit = Rate.never
  /// The verifiers say no to everything until then, in milliseconds of true time.
  var redUntil: Int64 = 0

  /// A world in which nothing goes wrong by itself.
  init() {}

  /// Draws which faults there are, and how often.
  init(_ chance: inout Chance) {
    func rate(_ chance: inout Chance, _ low: Double, _ high: Double) -> Rate {
      guard chance.draw(0...1) == 1 else { return .never }
      let share = Double(chance.draw(0...1000)) / 1000
      return Rate(low + (high - low) * share * share)
    }
    crash = rate(&chance, 0.0005, 0.02)
    pause = rate(&chance, 0.001, 0.03)
    busy = rate(&chance, 0.01, 0.2)
    unknown = rate(&chance, 0.01, 0.2)
    denied = rate(&chance, 0.02, 0.3)
    obstacle = rate(&chance, 0.01, 0.2)
    setup = rate(&chance, 0.01, 0.2)
    collect = rate(&chance, 0.01, 0.1)
    person = rate(&chance, 0.005, 0.05)
    flaky = rate(&chance, 0.01, 0.5)
    noVerdict = rate(&chance, 0.01, 0.3)
    noProgram = rate(&chance, 0.01, 0.2)
    skew = rate(&chance, 0.5, 1)
    jump = rate(&chance, 0.001, 0.01)
    outsider = rate(&chance, 0.005, 0.05)
    delay = rate(&chance, 0.005, 0.2)
    drop = rate(&chance, 0.005, 0.1)
    cut = rate(&chance, 0.005, 0.2)
    late = rate(&chance, 0.002, 0.1)
    torn = rate(&chance, 0.002, 0.1)
    refused = rate(&chance, 0.002, 0.05)
    locked = rate(&chance, 0.002, 0.05)
    partition = rate(&chance, 0.001, 0.02)
    foreignPlan = rate(&chance, 0.1, 1)
    litter = rate(&chance, 0.01, 0.3)
    stuckSlot = rate(&chance, 0.05, 1)
    leftLock = rate(&chance, 0.1, 1)
    foreignCommit = rate(&chance, 0.002, 0.02)
    oddWord = rate(&chance, 0.01, 0.2)
    noJudge = rate(&chance, 0.01, 0.3)
    noMessage = rate(&chance, 0.05, 1)
    left = rate(&chance, 0.05, 0.5)
    if chance.draw(0...9) == 0 { redUntil = Int64(chance.draw(1...3600)) * 1000 }
  }
}
