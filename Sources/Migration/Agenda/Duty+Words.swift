extension Duty {
  /// The duty as `git migrate replay` shows it, one line for people.
  public var words: String {
    switch self {
    case .createBranch(let commit): "create the branch at \(commit.short)"
    case .expire(let fence, _, let evidence): "take \(name(fence)) away (\(evidence.words))"
    case .abandonGate(let fence, let gate, let evidence):
      "give gate \(gate) of \(name(fence)) up (\(evidence.words))"
    case .abandonBase(_, let evidence): "give the judgement of the base up (\(evidence.words))"
    case .settle(.merge(let fence, let target), let evidence):
      "settle the merge of \(name(fence)) to \(target.new.short) (\(evidence.words))"
    case .settle(.refresh(let refresh), let evidence):
      "settle the refresh to \(refresh.new.short) (\(evidence.words))"
    case .pause(let pause): "pause: \(pause.reason)"
    case .tell(let notices): "tell people \(Count.of(notices.count, "thing"))"
    case .wake(let agent): "wake \(agent)"
    case .stopWork(let fence): "stop the work on \(name(fence))"
    case .giveBack(let fence, let holder): "give \(name(fence)) of \(holder) back"
    case .giveBackBase: "give the base back"
    case .giveBackGate(let fence, let gate): "give gate \(gate) of \(name(fence)) back"
    case .judgeBase: "judge the base"
    case .followBase: "look whether the base has moved"
    case .countUses(let commit): "count the uses at \(commit.short)"
    case .gate(let fence): "judge \(name(fence))"
    case .join(let fence): "judge \(name(fence)), too"
    case .begin(let step): "begin \(step)"
    case .renew(let fence, _, let until): "renew \(name(fence)) until \(until.utc)"
    case .renewHold(.base, let until): "renew the judgement of the base until \(until.utc)"
    case .renewHold(.gate(let fence, let gate), let until):
      "renew gate \(gate) of \(name(fence)) until \(until.utc)"
    case .stopJudging(.base): "stop judging the base"
    case .stopJudging(.gate(let fence, let gate)): "stop gate \(gate) of \(name(fence))"
    case .takeBaseIn: "take the base in"
    case .tryGate(let fence): "try the gate on \(name(fence))"
    case .judgeResult(let commit): "judge the result \(commit.short)"
    case .finish(let result): "finish with \(result.short)"
    case .answer: "answer"
    case .end(let ending): "end: \(ending.words)"
    }
  }

  private func name(_ fence: Fence) -> String { "\(fence.step) (epoch \(fence.epoch))" }
}

extension Evidence {
  /// Why something may be taken away, in words.
  var words: String {
    switch self {
    case .timeout: "its time is over"
    case .holderDead: "its holder died"
    case .holder: "its holder says so"
    }
  }
}

extension Ending {
  /// How a run ends, in words.
  public var words: String {
    switch self {
    case .allDone: "every step is done"
    case .needsPerson(let blocked): "a person must act on \(blocked.joined(separator: ", "))"
    case .needsWorkers(let open): "others must claim \(open.joined(separator: ", "))"
    case .needsMachine(let open, let lacking):
      "\(open.joined(separator: ", ")) wants \(lacking.joined(separator: ", "))"
    case .idle(let left): "nothing came to do, \(Count.of(left, "step")) left"
    case .outOfTime(let left): "the time is over, \(Count.of(left, "step")) left"
    case .partDone(let left): "what was asked for is done, \(Count.of(left, "step")) left"
    case .paused(let reason): "paused: \(reason)"
    case .machineCannot(let reason): "this machine cannot go on: \(reason)"
    case .ended(let word): word
    case .interrupted: "interrupted"
    }
  }
}
