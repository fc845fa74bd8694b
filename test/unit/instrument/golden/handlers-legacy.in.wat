;; Every legacy handler begins with a check; delegate and rethrow have no handler of their own.
(module
  (tag $e (param i32))
  (func $may-throw (param i32) local.get 0 if local.get 0 throw $e end)
  (func (export "run") (param i32) (result i32)
    try (result i32)
      local.get 0 call $may-throw i32.const 1
    catch $e
    catch_all
      i32.const 3
    end)
  (func (export "again") (param i32)
    try
      try local.get 0 call $may-throw catch_all rethrow 0 end
    catch $e drop end)
  (func (export "delegated") (param i32)
    try
      try local.get 0 call $may-throw delegate 0
    catch_all end))
