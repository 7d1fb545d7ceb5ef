/// A large value that is seldom replaced, behind one reference: whoever holds it is copied at the price of
/// that reference, and not of every text in it.
@propertyWrapper
public struct Boxed<Value: Equatable & Sendable>: Equatable, Sendable {
  private final class Storage: Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
  }

  private var storage: Storage

  /// Puts a value behind a reference.
  public init(wrappedValue: Value) { storage = Storage(wrappedValue) }

  /// The value. Replacing it leaves other holders theirs.
  public var wrappedValue: Value {
    get { storage.value }
    set { storage = Storage(newValue) }
  }

  /// Whether the values are equal; at once when they are the same.
  public static func == (left: Boxed, right: Boxed) -> Bool {
    left.storage === right.storage || left.storage.value == right.storage.value
  }
}
