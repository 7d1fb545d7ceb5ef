import Git
import Ledger
import Migration

/// A worker that lives long and claims many steps with one append, synced.
struct ClaimBench {
  let bench: Bench
  let steps: Int

  init(_ path: String, steps: Int) throws {
    bench = try Bench(path)
    self.steps = steps
    try bench.start(steps: steps)
  }

  /// Claims all the steps; prints the nanoseconds that it took.
  func run(batch: Int) throws {
    let base = try bench.tip()
    let until = SystemClock().now().adding(seconds: 86_400)
    let start = Bench.now()
    for first in stride(from: 1, through: steps, by: batch) {
      let claims = (first...min(steps, first + batch - 1)).map { number in
        Proposal(Bench.migration, bench.claim(number, epoch: 1, base: base, until: until))
      }
      try bench.append(by: Bench.holder(0), claims)
    }
    print("{\"nanoseconds\":\(Bench.now() - start)}")
  }
}
