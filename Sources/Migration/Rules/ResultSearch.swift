/// The search for the first commit of a branch whose tree does not pass, once its last one has not: by
/// halving, first among the places that the branch was at. Of what lies inside of a train the gate judged
/// nothing, and only in the train that fails it is worth a look.
public struct ResultSearch: Equatable, Sendable {
  /// What comes next.
  public enum Step: Equatable, Sendable {
    /// Judge the commit at this place.
    case judge(Int)
    /// The first commit that does not pass; `nil` when a verifier could not be run on the way.
    case found(Int?)
    /// The last one passed when it was judged once more: a verifier says now this, now that.
    case undecided
  }

  private enum Stage: Equatable {
    case halving, again, start, over
  }

  /// For each commit, oldest first, whether the branch was there.
  private let ends: [Bool]
  private var stage = Stage.halving
  private var good = 0
  /// The earliest place that is known not to pass.
  public private(set) var bad: Int
  /// What comes next.
  public private(set) var next: Step

  /// Begins one in so many commits, oldest first, of which the last has failed; `ends` says of each whether
  /// the branch was there. The first, at which the migration began, is taken to pass until nothing else is
  /// left.
  public init(ends: [Bool]) {
    self.ends = ends
    bad = max(0, ends.count - 1)
    next = .found(0)
    if ends.count > 1 { halve() } else { stage = .over }
  }

  /// Takes note of the verdict on the commit that was to be judged.
  public mutating func note(_ verdict: Verdict) {
    guard case .judge(let place) = next else { return }
    switch (stage, verdict) {
    case (.halving, .passed):
      good = place
      halve()
    case (.halving, .failed), (.halving, .ranNoTests):
      bad = place
      halve()
    case (.halving, .couldNotRun), (.again, .couldNotRun): end(.found(nil))
    case (.again, .passed): end(.undecided)
    case (.again, .failed), (.again, .ranNoTests): askStart()
    // That it passes is what the baseline said of a worktree that may have kept something.
    case (.start, .failed), (.start, .ranNoTests):
      bad = 0
      end(.found(0))
    case (.start, .passed), (.start, .couldNotRun): end(.found(bad))
    case (.over, _): return
    }
  }

  private mutating func halve() {
    let between = good + 1..<max(good + 1, bad)
    var places = between.filter { ends[$0] }
    if places.isEmpty { places = Array(between) }
    guard places.isEmpty else { return next = .judge(places[(places.count - 1) / 2]) }
    // Of the last commit only the first judgement is known, and that one led to all this.
    guard bad == ends.count - 1 else { return askStart() }
    stage = .again
    next = .judge(bad)
  }

  private mutating func askStart() {
    guard bad == 1 else { return end(.found(bad)) }
    stage = .start
    next = .judge(0)
  }

  private mutating func end(_ step: Step) {
    stage = .over
    next = step
  }
}
