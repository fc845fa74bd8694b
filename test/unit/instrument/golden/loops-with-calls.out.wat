(module
  (type (;0;) (func (param i32)))
  (type (;1;) (func (result i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32) (result i32)))
  (import "host" "tell" (func (;0;) (type 0)))
  (import "kerb:sandbox" "interrupt" (func (;1;) (type 1)))
  (import "kerb:sandbox" "yield" (func (;2;) (type 2)))
  (import "kerb:sandbox" "grow" (func (;3;) (type 3)))
  (import "kerb:sandbox" "epoch" (memory (;0;) 1 1 shared))
  (func (;4;) (type 0) (param i32)
    loop  ;; label = @1
      i32.const 0
      i32.load
      if  ;; label = @2
        call 6
      end
      local.get 0
      call 0
      local.get 0
      i32.const 1
      i32.sub
      local.tee 0
      br_if 0 (;@1;)
    end)
  (func (;5;) (type 0) (param i32)
    loop  ;; label = @1
      i32.const 0
      i32.load
      if  ;; label = @2
        call 6
      end
      block  ;; label = @2
        loop  ;; label = @3
          block  ;; label = @4
            local.get 0
            i32.const 1
            i32.sub
            local.tee 0
            br_if 0 (;@4;)
            br 2 (;@2;)
          end
          i32.const 0
          i32.load
          if  ;; label = @4
            call 6
          end
          block  ;; label = @4
            local.get 0
            i32.const 1
            i32.sub
            local.tee 0
            br_if 0 (;@4;)
            br 2 (;@2;)
          end
          block  ;; label = @4
            local.get 0
            i32.const 1
            i32.sub
            local.tee 0
            br_if 0 (;@4;)
            br 2 (;@2;)
          end
          local.get 0
          i32.const 1
          i32.sub
          local.tee 0
          br_if 0 (;@3;)
        end
      end
      local.get 0
      br_if 0 (;@1;)
    end)
  (func (;6;) (type 2)
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
  (export "calls" (func 4))
  (export "nested" (func 5)))
