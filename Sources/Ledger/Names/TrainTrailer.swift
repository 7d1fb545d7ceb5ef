import Git
import Migration

extension Commit {
  /// Whether the commit is one inside of a train, `next` being the one on it: its own tree was not judged.
  public func isInsideTrain(before next: Commit) -> Bool {
    guard let train = trainLine else { return false }
    return next.trainLine == train
  }

  /// The line by which the commit names its train, if it was judged in one.
  private var trainLine: [UInt8]? {
    let prefix = Array("\(TrainMerge.trailer): ".utf8)
    return messageBytes.split(separator: 0x0A).last { $0.starts(with: prefix) }.map(Array.init)
  }
}
