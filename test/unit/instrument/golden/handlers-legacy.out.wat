(module
  (type (;0;) (func (param i32)))
  (type (;1;) (func (param i32) (result i32)))
  (type (;2;) (func (result i32)))
  (type (;3;) (func))
  (import "kerb:sandbox" "interrupt" (func (;0;) (type 2)))
  (import "kerb:sandbox" "yield" (func (;1;) (type 3)))
  (import "kerb:sandbox" "grow" (func (;2;) (type 1)))
  (import "kerb:sandbox" "epoch" (memory (;0;) 1 1 shared))
  (func (;3;) (type 0) (param i32)
    local.get 0
    if  ;; label = @1
      local.get 0
      throw 0
    end)
  (func (;4;) (type 1) (param i32) (result i32)
    try (result i32)  ;; label = @1
      local.get 0
      call 3
      i32.const 1
    catch 0
      i32.const 0
      i32.load
      if  ;; label = @2
        call 7
      end
    catch_all
      i32.const 0
      i32.load
      if  ;; label = @2
        call 7
      end
      i32.const 3
    end)
  (func (;5;) (type 0) (param i32)
    try  ;; label = @1
      try  ;; label = @2
        local.get 0
        call 3
      catch_all
        i32.const 0
        i32.load
        if  ;; label = @3
          call 7
        end
        rethrow 0 (;@2;)
      end
    catch 0
      i32.const 0
      i32.load
      if  ;; label = @2
        call 7
      end
      drop
    end)
  (func (;6;) (type 0) (param i32)
    try  ;; label = @1
      try  ;; label = @2
        local.get 0
        call 3
      delegate 0
    catch_all
      i32.const 0
      i32.load
      if  ;; label = @2
        call 7
      end
    end)
  (func (;7;) (type 3)
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
  (tag (;0;) (type 0) (param i32))
  (export "run" (func 4))
  (export "again" (func 5))
  (export "delegated" (func 6)))
