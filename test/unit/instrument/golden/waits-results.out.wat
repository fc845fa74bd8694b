(module
  (type (;0;) (func (param i32)))
  (type (;1;) (func (param i32 i32) (result i32)))
  (type (;2;) (func (result i64)))
  (type (;3;) (func (result i32)))
  (type (;4;) (func))
  (type (;5;) (func (param i32) (result i32)))
  (import "host" "nothing" (func (;0;) (type 0)))
  (import "host" "number" (func (;1;) (type 1)))
  (import "host" "wide" (func (;2;) (type 2)))
  (import "kerb:sandbox" "interrupt" (func (;3;) (type 3)))
  (import "kerb:sandbox" "yield" (func (;4;) (type 4)))
  (import "kerb:sandbox" "grow" (func (;5;) (type 5)))
  (import "kerb:sandbox" "wait" (func (;6;) (type 4)))
  (import "kerb:sandbox" "wait_i32" (func (;7;) (type 3)))
  (import "kerb:sandbox" "wait_i64" (func (;8;) (type 2)))
  (import "kerb:sandbox" "epoch" (memory (;0;) 1 1 shared))
  (func (;9;) (type 2) (result i64)
    i32.const 1
    call 11
    i32.const 2
    i32.const 3
    call 12
    drop
    call 13)
  (func (;10;) (type 4)
    (local i32)
    call 3
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
      call 4
    end)
  (func (;11;) (type 0) (param i32)
    local.get 0
    call 0
    i32.const 0
    i32.load offset=4
    if  ;; label = @1
      call 6
    end)
  (func (;12;) (type 1) (param i32 i32) (result i32)
    (local i32)
    local.get 0
    local.get 1
    call 1
    local.set 2
    i32.const 0
    i32.load offset=4
    if (result i32)  ;; label = @1
      call 7
    else
      local.get 2
    end)
  (func (;13;) (type 2) (result i64)
    (local i64)
    call 2
    local.set 0
    i32.const 0
    i32.load offset=4
    if (result i64)  ;; label = @1
      call 8
    else
      local.get 0
    end)
  (export "run" (func 9)))
