import Migration
import Site

/// The candidates of a train that are judged now. On this machine that is one; a service judges all
/// beginnings of a train at once, so that its first answers say already who is to blame.
struct TrainRuns {
  private var jobs: [(candidate: TrainSearch.Candidate, job: any GateVerification)] = []

  /// Whether that candidate is judged.
  func has(_ candidate: TrainSearch.Candidate) -> Bool { jobs.contains { $0.candidate == candidate } }

  mutating func add(_ job: any GateVerification, _ candidate: TrainSearch.Candidate) {
    jobs.append((candidate, job))
  }

  /// The first that has been judged; `nil` while none has. It stays until it is taken away: what its report
  /// leads to may have to be tried again.
  func poll() throws(CommandError) -> (candidate: TrainSearch.Candidate, report: VerifierReport)? {
    for (candidate, job) in jobs {
      if let report = try job.poll() { return (candidate, report) }
    }
    return nil
  }

  /// What a candidate's report led to is settled.
  mutating func remove(_ candidate: TrainSearch.Candidate) { jobs.removeAll { $0.candidate == candidate } }

  /// Readable when `poll` may have something to tell; negative when there are several.
  var descriptor: Int32 { jobs.count == 1 ? jobs[0].job.descriptor : -1 }

  /// Ends the verifiers; `poll` then says that nothing is known.
  func stop() { jobs.forEach { $0.job.stop() } }

  /// Lets go of those whose verdict nobody needs any more.
  mutating func drop() {
    stop()
    jobs = []
  }
}
