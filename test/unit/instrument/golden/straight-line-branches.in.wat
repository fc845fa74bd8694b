;; Costs join where paths meet: the dearer arm counts, and an arm with a check counts from there.
(module
  (import "host" "tell" (func $tell))
  (func (export "run") (param i32)
    local.get 0
    if
      call $tell call $tell call $tell call $tell call $tell
    else
      nop
    end
    call $tell call $tell call $tell call $tell call $tell call $tell))
