(module
  (type (;0;) (func (param i32)))
  (type (;1;) (func (result i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32) (result i32)))
  (import "kerb:sandbox" "interrupt" (func (;0;) (type 1)))
  (import "kerb:sandbox" "yield" (func (;1;) (type 2)))
  (import "kerb:sandbox" "grow" (func (;2;) (type 3)))
  (import "kerb:sandbox" "memory" (memory (;0;) 1 64))
  (import "kerb:sandbox" "epoch" (memory (;1;) 1 1 shared))
  (func (;3;) (type 0) (param i32)
    i32.const 0
    i32.const 0
    local.get 0
    i32.const 0
    i32.load 1
    if  ;; label = @1
      call 4
    end
    memory.init 0
    data.drop 0)
  (func (;4;) (type 2)
    (local i32)
    call 0
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
      call 1
    end)
  (func (;5;) (type 3) (param i32) (result i32)
    i32.const 0
    i32.load 1
    if  ;; label = @1
      call 4
    end
    local.get 0
    call 2)
  (export "memory" (memory 0))
  (export "run" (func 3))
  (data (;0;) "0123456789"))
