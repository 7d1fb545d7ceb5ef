/// How somebody who waits for an answer says that they want to stop.
package struct Interruption {
  /// The descriptor that becomes readable when they do; -1 for none.
  package let signals: Int32
  /// Whether they do.
  package let shouldStop: () -> Bool

  /// Makes it from its parts.
  package init(signals: Int32, shouldStop: @escaping () -> Bool) {
    self.signals = signals
    self.shouldStop = shouldStop
  }
}
