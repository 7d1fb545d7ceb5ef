import FoundationEssentials
import Migration
import Testing

/// Recorded behaviour: text files beside the tests, read like code in review. `RECORD_TRANSCRIPTS=1` writes
/// them anew; commit a change only when you understand what caused it.
enum Transcript {
  /// Compares with the recorded file of that name, or records it.
  static func check(_ name: String, _ lines: [String], sourceLocation: SourceLocation = #_sourceLocation) {
    let text = lines.joined(separator: "\n") + "\n"
    let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    let path = folder.joined(separator: "/") + "/Transcripts/\(name).txt"
    if ProcessInfo.processInfo.environment["RECORD_TRANSCRIPTS"] == "1" {
      do {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
      } catch {
        Issue.record("cannot record '\(path)': \(error)", sourceLocation: sourceLocation)
      }
      return
    }
    guard let recorded = try? String(contentsOfFile: path, encoding: .utf8) else {
      Issue.record(
        "no transcript '\(path)'; record it with RECORD_TRANSCRIPTS=1", sourceLocation: sourceLocation)
      return
    }
    if recorded == text { return }
    let old = recorded.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let new = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let first = zip(old, new).enumerated().first { $1.0 != $1.1 }?.offset ?? min(old.count, new.count)
    let was = first < old.count ? old[first] : "(the end)"
    let isNow = first < new.count ? new[first] : "(the end)"
    Issue.record(
      "'\(name).txt' line \(first + 1) differs\n  recorded: \(was)\n  now:      \(isNow)",
      sourceLocation: sourceLocation)
  }

  /// What changed between two states, a line each; times are seconds since `began`.
  static func changes(from old: State, to new: State, began: Timestamp) -> [String] {
    var lines: [String] = []
    for migration in new.migrations {
      guard let before = old.migration(named: migration.name) else {
        lines.append("\(migration.name) \(migration.phase.word), \(migration.steps.count) steps")
        continue
      }
      if before.phase != migration.phase {
        lines.append("\(migration.name) \(before.phase.word) → \(migration.phase.word)")
      }
      if before.tip != migration.tip {
        lines.append("tip \(before.tip.short.suffix(4)) → \(migration.tip.short.suffix(4))")
      }
      if before.planNumber != migration.planNumber { lines.append("plan \(migration.planNumber)") }
      if (before.refresh == nil) != (migration.refresh == nil) {
        lines.append(migration.refresh == nil ? "no refresh under way" : "refresh under way")
      }
      if before.verdicts != migration.verdicts { lines.append("verdicts \(migration.verdicts.count)") }
      for step in migration.steps {
        guard let was = before.step(step.id) else {
          lines.append("\(step.id) new, \(words(step.phase, began))")
          continue
        }
        if was != step { lines.append("\(step.id) \(words(from: was, to: step, began))") }
      }
    }
    return lines
  }

  private static func words(from old: Step, to new: Step, _ began: Timestamp) -> String {
    var parts: [String] = []
    if old.phase.word != new.phase.word {
      parts.append("\(old.phase.word) → \(words(new.phase, began))")
    } else if old.phase != new.phase {
      parts.append("still \(words(new.phase, began))")
    }
    let counters = [
      ("epoch", old.epoch, new.epoch), ("failures", old.failures, new.failures),
      ("granted", old.granted, new.granted),
      ("infrastructure", old.infrastructureRetries, new.infrastructureRetries),
      ("gates", old.gates, new.gates),
    ]
    for (name, was, isNow) in counters where was != isNow { parts.append("\(name) \(isNow)") }
    if old.stages != new.stages {
      parts.append(new.stages.map { "stage \($0.stage)" } ?? "no stage")
    }
    if old.handedOver != new.handedOver { parts.append("handed over") }
    if old.judged != new.judged { parts.append("judged: \(new.judged?.answer.rawValue ?? "no")") }
    if old.approved != new.approved { parts.append("approved by a person") }
    if old.allowed != new.allowed { parts.append("allows \(new.allowed.count)") }
    if old.lastFailure != new.lastFailure {
      parts.append(new.lastFailure.map { "last failure \($0.kind.rawValue)" } ?? "no last failure")
    }
    return parts.joined(separator: ", ")
  }

  private static func words(_ phase: StepPhase, _ began: Timestamp) -> String {
    func time(_ time: Timestamp) -> String { String((time.milliseconds - began.milliseconds) / 1000) }
    switch phase {
    case .waiting, .ready, .cancelled, .proposed: return phase.word
    case .person(let wait): return "person (\(wait.reason))"
    case .undone(let step): return "undone by \(step)"
    case .leased(let lease):
      return "leased to \(lease.holder) until \(time(lease.expiresAt)), renewal \(lease.renewal)"
    case .submitted(let submission): return "submitted, gate from \(time(submission.notBefore))"
    case .gating(_, let run):
      return "gating \(run.start.gate)\(run.hasPassed ? ", passed" : "") until \(time(run.start.expiresAt))"
    case .merging(_, _, let target): return "merging until \(time(target.expiresAt))"
    case .merged(let commit): return commit.map { "merged as \($0.short.suffix(4))" } ?? "merged, no change"
    case .backoff(let until): return "backoff until \(time(until))"
    case .blocked(let reason): return "blocked (\(reason))"
    case .skipped(let reason): return "skipped (\(reason))"
    }
  }

  private static func short(_ hex: String) -> Substring { hex.prefix(10).suffix(4) }

  static func words(_ effect: Effect) -> String {
    switch effect {
    case .createBranch(_, let branch, _): "create branch \(branch)"
    case .moveBranch(_, let fence, let old, let new):
      "move branch \(short(old.hex)) → \(short(new.hex)) for \(fence.step)@\(fence.epoch)"
    case .moveRefreshedBranch(_, let old, let new):
      "move refreshed branch \(short(old.hex)) → \(short(new.hex))"
    case .notify(_, let notice):
      switch notice {
      case .stepBlocked(let step, let reason): "notify: \(step) blocked (\(reason))"
      case .personWanted(let step, let reason): "notify: \(step) waits for a person (\(reason))"
      case .paused(let reason): "notify: paused (\(reason))"
      case .allStepsDone: "notify: all steps done"
      case .baseHeld(let reason): "notify: base held (\(reason))"
      }
    }
  }
}
