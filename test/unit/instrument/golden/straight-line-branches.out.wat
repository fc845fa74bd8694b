(module
  (type (;0;) (func))
  (type (;1;) (func (param i32)))
  (type (;2;) (func (result i32)))
  (type (;3;) (func (param i32) (result i32)))
  (import "host" "tell" (func (;0;) (type 0)))
  (import "kerb:sandbox" "interrupt" (func (;1;) (type 2)))
  (import "kerb:sandbox" "yield" (func (;2;) (type 0)))
  (import "kerb:sandbox" "grow" (func (;3;) (type 3)))
  (import "kerb:sandbox" "epoch" (memory (;0;) 1 1 shared))
  (func (;4;) (type 1) (param i32)
    local.get 0
    if  ;; label = @1
      call 0
      call 0
      call 0
      call 0
      call 0
    else
      nop
    end
    call 0
    call 0
    call 0
    call 0
    i32.const 0
    i32.load
    if  ;; label = @1
      call 5
    end
    call 0
    call 0)
  (func (;5;) (type 0)
    (local i32)
    call 1
    local.tee 0
    i32.const 1
    i32.eq
    if  ;; label = @1
      unreachable
    end
    local.get 0
    i32.const 2
    i32.eq
    if  ;; label = @1
      call 2
    end)
  (export "run" (func 4)))
