(module
  (type (;0;) (func))
  (type (;1;) (func (param i32)))
  (type (;2;) (func (result i32)))
  (type (;3;) (func (param i32) (result i32)))
  (import "kerb:sandbox" "interrupt" (func (;0;) (type 2)))
  (import "kerb:sandbox" "yield" (func (;1;) (type 0)))
  (import "kerb:sandbox" "grow" (func (;2;) (type 3)))
  (import "kerb:sandbox" "epoch" (memory (;0;) 1 1 shared))
  (func (;3;) (type 0))
  (func (;4;) (type 1) (param i32)
    i32.const 0
    i32.const 0
    local.get 0
    i32.const 0
    i32.load
    if  ;; label = @1
      call 5
    end
    table.init 0
    i32.const 0
    i32.const 5
    local.get 0
    i32.const 0
    i32.load
    if  ;; label = @1
      call 5
    end
    table.copy
    i32.const 0
    ref.null func
    local.get 0
    i32.const 0
    i32.load
    if  ;; label = @1
      call 5
    end
    table.fill 0
    ref.null func
    local.get 0
    i32.const 0
    i32.load
    if  ;; label = @1
      call 5
    end
    table.grow 0
    drop
    elem.drop 0)
  (func (;5;) (type 0)
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
  (table (;0;) 10 100 funcref)
  (export "run" (func 4))
  (elem (;0;) func 3 3))
